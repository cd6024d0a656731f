//! Whole commands against the tools that do the least that has to be done.

use std::fs;

use anyhow::Result;

use crate::images::Images;
use crate::packed::{Image, Stored};
use crate::process::{Cost, compared};
use crate::served::Served;
use crate::table::Table;

/// Bytes in a unit of the table.
const MIB: f64 = 1_048_576.0;

/// Wall clock and processor time, or one of them, with what they should be at most.
type Targets = [Option<f64>; 2];

pub(crate) fn measure(onionskin: &str, images: &Images, table: &mut Table) -> Result<()> {
    eprintln!("making the images (some minutes the first time)");
    let gzip = images.programs(Stored::Gzip)?;
    let zstd = images.programs(Stored::Zstd)?;
    let plain = images.programs(Stored::Plain)?;
    let many = images.many(Stored::Gzip)?;
    let many_zstd = images.many(Stored::Zstd)?;
    let many_plain = images.many(Stored::Plain)?;
    let deleted = images.deleted()?;
    let files = grouped(images.count());

    let bench = &mut Bench { onionskin, table };
    bench.unpacked("gzip layers", &gzip, "gzip", [Some(0.33), Some(0.5)])?;
    bench.unpacked("zstd layers", &zstd, "zstd", [Some(1.1), Some(2.0)])?;
    bench.hashed("plain layers", &plain, [None, Some(1.4)])?;
    let files = &format!("{files} files");
    bench.unpacked(&format!("{files}, gzip"), &many, "gzip", [None; 2])?;
    bench.unpacked(&format!("{files}, zstd"), &many_zstd, "zstd", [None; 2])?;
    bench.hashed(&format!("{files}, plain"), &many_plain, [None; 2])?;

    let audit = bench.command("audit", &many);
    let inspect = bench.command("inspect", &many);
    let (audited, inspected) = compared(&words(&audit), &words(&inspect), || Ok(()))?;
    let what = format!("audit of {files}, gzip");
    bench.rows(&what, "`inspect`", [audited, inspected], [Some(1.3); 2]);
    bench.table.figure(
        &format!("{what}: memory"),
        "",
        audited.memory / MIB,
        200.0,
        " MiB",
    );

    let with = bench.command("audit", &deleted);
    let (with, without) = compared(&words(&with), &words(&audit), || Ok(()))?;
    let what = format!("audit of {files} and 1,000 whiteouts, gzip");
    bench.rows(
        &what,
        "without the whiteouts",
        [with, without],
        [Some(1.1); 2],
    );

    bench.again(images, "gzip layers", &gzip)?;
    bench.again(images, files, &many)
}

struct Bench<'a> {
    onionskin: &'a str,
    table: &'a mut Table,
}

impl Bench<'_> {
    /// A command that uses no cache.
    fn command(&self, name: &str, image: &Image) -> Vec<String> {
        let command = [self.onionskin, name, &image.archive, "--no-cache"];
        command.map(str::to_owned).into()
    }

    fn rows(&mut self, what: &str, against: &str, [ours, theirs]: [Cost; 2], targets: Targets) {
        let [wall, cpu] = targets;
        self.table.ratio(
            &format!("{what}: wall clock"),
            against,
            ours.wall / theirs.wall,
            wall,
        );
        self.table.ratio(
            &format!("{what}: CPU time"),
            against,
            ours.cpu / theirs.cpu,
            cpu,
        );
    }

    /// Against what only decompresses the layers.
    fn unpacked(
        &mut self,
        name: &str,
        image: &Image,
        program: &str,
        targets: Targets,
    ) -> Result<()> {
        let ours = self.command("audit", image);
        let mut theirs = vec![program, "-dcf"];
        theirs.extend(image.layers.iter().map(String::as_str));
        let (ours, theirs) = compared(&words(&ours), &theirs, || Ok(()))?;
        let against = format!("`{program} -dc` of the layers");
        self.rows(
            &format!("audit of {name}"),
            &against,
            [ours, theirs],
            targets,
        );
        Ok(())
    }

    /// Against what only hashes the archive.
    fn hashed(&mut self, name: &str, image: &Image, targets: Targets) -> Result<()> {
        let ours = self.command("audit", image);
        let theirs = ["openssl", "dgst", "-sha256", &image.archive];
        let (ours, theirs) = compared(&words(&ours), &theirs, || Ok(()))?;
        let against = "`openssl dgst -sha256` of the archive";
        self.rows(
            &format!("audit of {name}"),
            against,
            [ours, theirs],
            targets,
        );
        Ok(())
    }

    /// The second opening of an image from a registry and from a file, against the first.
    fn again(&mut self, images: &Images, name: &str, image: &Image) -> Result<()> {
        let cache = images.folder.join("cache");
        let setting = format!("ONIONSKIN_CACHE={}", cache.display());
        let emptied = || match fs::remove_dir_all(&cache) {
            Err(error) if cache.exists() => Err(error.into()),
            _ => Ok(()),
        };
        let served = Served::start(self.onionskin, &format!("oci:{}", image.layout))?;
        let reference = format!("{}@{}", served.repository, image.digest);
        for (from, image) in [("a registry", &reference), ("a file", &image.archive)] {
            let command = [
                "env",
                "-u",
                "ONIONSKIN_NO_CACHE",
                &setting,
                self.onionskin,
                "inspect",
                image,
            ];
            let (first, second) = compared(&command, &command, emptied)?;
            let what = format!("second `inspect` of {name} from {from}");
            self.rows(&what, "the first", [second, first], [Some(0.03), None]);
        }
        emptied()
    }
}

fn words(command: &[String]) -> Vec<&str> {
    command.iter().map(String::as_str).collect()
}

/// A number with commas between its thousands.
pub(crate) fn grouped(number: usize) -> String {
    match number {
        1_000_000.. => format!(
            "{},{:03},{:03}",
            number / 1_000_000,
            number / 1_000 % 1_000,
            number % 1_000
        ),
        1_000.. => format!("{},{:03}", number / 1_000, number % 1_000),
        _ => number.to_string(),
    }
}
