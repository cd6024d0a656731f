//! Measures whole commands and parts of them, and prints one table of ratios from one run.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table is what it is for"
)]

mod browser;
mod document;
mod files;
mod http;
mod images;
mod load;
mod machine;
mod packed;
mod page;
mod parts;
mod plot;
mod process;
mod registry;
mod scale;
mod served;
mod table;
mod uses;
mod weight;
mod whole;

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use images::Images;
use table::Table;

/// What is measured, and where.
#[derive(Default)]
struct Arguments {
    /// Keeps the images, and holds what wasm-bindgen wrote.
    folder: PathBuf,
    /// The command that is measured.
    onionskin: String,
    /// The document that the table is put into.
    document: Option<PathBuf>,
    /// A sixteenth of everything: quick, and too noisy to quote.
    small: bool,
    /// The browser is measured too.
    browser: bool,
    /// Nothing is measured but what one does with the page.
    uses: bool,
    /// Nothing is measured but images that grow.
    scale: bool,
    /// Nothing is measured but the server with many clients.
    load: bool,
}

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    if let Some(("run", command)) = words.split_first().map(|(first, rest)| (&**first, rest)) {
        println!("{}", process::run(command)?);
        return Ok(());
    }
    let arguments = arguments(words)?;
    if arguments.scale {
        let Arguments {
            folder,
            onionskin,
            small,
            document,
            ..
        } = &arguments;
        return scale::measure(onionskin, folder, *small, document.as_deref());
    }
    if arguments.load {
        let document = arguments.document.as_deref();
        return load::measure(&arguments.onionskin, arguments.small, document);
    }
    let mut table = Table::default();
    let images = Images::new(&arguments.folder, arguments.small);
    if arguments.uses {
        uses::measure(&arguments.onionskin, &images, &mut table)?;
        println!("{table}");
        return Ok(());
    }
    whole::measure(&arguments.onionskin, &images, &mut table)?;
    parts::measure(&images, arguments.browser, &mut table)?;
    if arguments.browser {
        let measured = page::measure(&arguments.onionskin, &images, &mut table)
            .and_then(|()| uses::measure(&arguments.onionskin, &images, &mut table));
        if let Err(error) = measured {
            table.missing("the page in headless Chromium", &format!("{error:#}"), 0.03);
        }
        weight::measure(&arguments.onionskin, &arguments.folder, &mut table)?;
    }
    println!("{table}");
    if let Some(document) = &arguments.document {
        table.write(document, &machine::machine())?;
        eprintln!("written to {}", document.display());
    }
    Ok(())
}

fn arguments(words: Vec<String>) -> Result<Arguments> {
    let mut arguments = Arguments::default();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value"))
        };
        match word.as_str() {
            "--folder" => arguments.folder = value()?.into(),
            "--command" => arguments.onionskin = value()?,
            "--document" => arguments.document = Some(value()?.into()),
            "--small" => arguments.small = true,
            "--browser" => arguments.browser = true,
            "--uses" => arguments.uses = true,
            "--scale" => arguments.scale = true,
            "--load" => arguments.load = true,
            _ => bail!("unknown option {word}; cargo xtask bench and load start this program"),
        }
    }
    Ok(arguments)
}
