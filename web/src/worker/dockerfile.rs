//! The visitor's Dockerfile beside the image that is shown.

use onionskin_core::base::Base;
use onionskin_core::dockerfile::{self, Dockerfile, Layered};

use super::image_worker::ImageWorker;
use super::protocol::{Answers, BesideDockerfile};

impl Answers<BesideDockerfile> for ImageWorker {
    fn answer(&mut self, BesideDockerfile(text): BesideDockerfile) -> Result<Layered, String> {
        let file = Dockerfile::parse(&text).map_err(|error| error.to_string())?;
        let Some(image) = &self.image else {
            return Err("cannot be compared before the image is read".to_owned());
        };
        let (base, depth) = (Base::told(image), image.layers.len());
        let history = dockerfile::lines(&image.config, depth, base.as_ref());
        Ok(file.beside(&history, depth))
    }
}
