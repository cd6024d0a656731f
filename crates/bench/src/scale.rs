//! What an audit takes of images that grow: in files, in layers and in bytes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::document;
use crate::files;
use crate::packed::{Stored, layout};
use crate::plot::{Line, Panel, draw};
use crate::process::{Cost, alone};

/// Bytes in a unit of the table.
const MIB: f64 = 1_048_576.0;
/// The line of the document below which the table is.
const BEGIN: &str = "<!-- cargo xtask bench --scale writes from here -->";
/// Files of each of many layers.
const FILES_PER_LAYER: usize = 200;
/// Growth of the time with the number, as an exponent, up to which a step counts as linear: what sorts is a little above.
const LINEAR: f64 = 1.15;

/// One image, and how much of the growing thing it has.
struct Step {
    size: f64,
    image: PathBuf,
}

/// Images that differ in one thing.
struct Series {
    what: &'static str,
    unit: &'static str,
    steps: Vec<Step>,
}

/// Measures all series and writes the table into `document` and the plots beside it.
pub(crate) fn measure(
    onionskin: &str,
    folder: &Path,
    small: bool,
    document: Option<&Path>,
) -> Result<()> {
    let folder = &folder.join("scale");
    fs::create_dir_all(folder)?;
    let mut rows = Vec::new();
    let mut panels = Vec::new();
    for series in [
        many_files(folder, small)?,
        many_layers(folder, small)?,
        many_bytes(folder, small)?,
    ] {
        let mut costs: Vec<(f64, Cost)> = Vec::new();
        for step in &series.steps {
            let image = format!("oci:{}", step.image.display());
            let cost = alone(&[onionskin, "audit", &image, "--no-cache"])?;
            rows.push(row(&series, step, cost, costs.last().copied()));
            eprintln!("{}", rows.last().map_or("", String::as_str));
            costs.push((step.size, cost));
        }
        let of = |part: fn(&Cost) -> f64| costs.iter().map(move |(size, cost)| (*size, part(cost)));
        panels.push(Panel {
            title: format!("{}: seconds of CPU time", series.what),
            unit: series.unit,
            line: Line::of(of(|cost| cost.cpu)),
        });
        panels.push(Panel {
            title: format!("{}: most memory, MiB", series.what),
            unit: series.unit,
            line: Line::of(of(|cost| cost.memory / MIB)),
        });
    }
    let table = format!(
        "Measured on {}.\n\n| audit of | of these | wall clock | CPU time | memory | exponent | linear |\n|---|--:|--:|--:|--:|--:|---|\n{}",
        crate::machine::machine(),
        rows.join("\n"),
    );
    println!("{table}");
    if let Some(document) = document {
        document::replace(document, BEGIN, &table)?;
        let picture = document.with_file_name("scale.svg");
        draw(&picture, &panels).with_context(|| format!("could not draw {}", picture.display()))?;
        eprintln!(
            "written to {} and {}",
            document.display(),
            picture.display()
        );
    }
    Ok(())
}

fn row(series: &Series, step: &Step, cost: Cost, before: Option<(f64, Cost)>) -> String {
    // Short runs are the start of a process, and say nothing of growth.
    let exponent = before
        .filter(|(_, before)| before.cpu >= 0.1)
        .map(|(size, before)| (cost.cpu / before.cpu).ln() / (step.size / size).ln());
    let (shown, met) = match exponent {
        Some(exponent) if exponent <= LINEAR => (format!("{exponent:.2}"), "yes"),
        Some(exponent) => (format!("{exponent:.2}"), "**no**"),
        None => (String::new(), ""),
    };
    format!(
        "| {} | {} {} | {:.2} s | {:.2} s | {:.0} MiB | {shown} | {met} |",
        series.what,
        grouped(step.size),
        series.unit,
        cost.wall,
        cost.cpu,
        cost.memory / MIB,
    )
}

/// A number with commas between its thousands.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One layer of more and more files.
fn many_files(folder: &Path, small: bool) -> Result<Series> {
    let counts: &[usize] = match small {
        true => &[1_000, 10_000],
        false => &[10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000],
    };
    let step = |count: &usize| {
        let name = format!("files-{count}");
        let tar = files::many(&folder.join(&name).with_extension("tar"), *count)?;
        let image = layout(folder, &name, Stored::Gzip, &[tar])?;
        Ok(Step {
            size: *count as f64,
            image,
        })
    };
    let steps = counts.iter().map(step).collect::<Result<_>>()?;
    Ok(Series {
        what: "files",
        unit: "files",
        steps,
    })
}

/// More and more layers of some files, of which the next overwrites half.
fn many_layers(folder: &Path, small: bool) -> Result<Series> {
    let counts: &[usize] = match small {
        true => &[1, 10],
        false => &[1, 5, 20, 100, 500],
    };
    let step = |count: &usize| {
        let tar = |number| {
            let tar = folder.join(format!("layer-{number}.tar"));
            files::one_of_many(&tar, number, FILES_PER_LAYER)
        };
        let tars: Vec<PathBuf> = (0..*count).map(tar).collect::<Result<_>>()?;
        let image = layout(folder, &format!("layers-{count}"), Stored::Gzip, &tars)?;
        Ok(Step {
            size: *count as f64,
            image,
        })
    };
    let steps = counts.iter().map(step).collect::<Result<_>>()?;
    Ok(Series {
        what: "layers",
        unit: "layers",
        steps,
    })
}

/// One layer of more and more bytes.
fn many_bytes(folder: &Path, small: bool) -> Result<Series> {
    let sizes: &[u64] = match small {
        true => &[1, 10],
        false => &[10, 100, 1_000, 10_000],
    };
    let step = |size: &u64| {
        let name = format!("size-{size}");
        let tar = files::large(&folder.join(&name).with_extension("tar"), size * 1_000_000)?;
        let image = layout(folder, &name, Stored::Plain, &[tar])?;
        Ok(Step {
            size: *size as f64,
            image,
        })
    };
    let steps = sizes.iter().map(step).collect::<Result<_>>()?;
    Ok(Series {
        what: "size",
        unit: "MB",
        steps,
    })
}
