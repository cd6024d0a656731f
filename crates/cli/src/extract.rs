//! `onionskin extract`: a file or a folder of an image, written to a folder of this machine.
//!
//! Everything in an image is hostile: nothing is written before its layer is verified, and nothing outside of the folder
//! is touched, whatever links the image or the folder has.

mod links;
mod plan;
mod write;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use onionskin_core::report::format::size;
use onionskin_core::report::text;
use onionskin_core::stack::{NodeId, Stack};

use self::plan::{Plan, Skipped};
use crate::image::{ImageArguments, Opened, with_login};
use crate::layers::{LayerArguments, Wanted, not_fetched};
use crate::listed::{alone, missing};
use crate::output::{note, print};
use crate::tables::{TableArguments, Unread};
use crate::terminal::{self, Visible};

/// Extract a file or a folder of an image into a folder
///
/// Symbolic links on the way to PATH are followed inside the image. What is extracted gets the name of PATH in DIR, and
/// nothing that is in DIR is overwritten: all of it appears at once, after every layer that it comes from is verified, or
/// nothing does.
///
/// Owners and extended attributes are not restored. Files have the permissions of the image, without those that the
/// umask denies. Set-user-ID, set-group-ID and sticky bits are left out, devices and FIFOs are skipped. Symbolic links
/// stay inside of what is extracted: absolute ones become relative, and those that lead elsewhere are skipped. What is
/// left out, changed or skipped is reported, apart from what the umask denies.
#[derive(clap::Args)]
#[command(after_help = with_login!("Examples:
  onionskin extract nginx:1.27 /etc/nginx -o config     # config/nginx
  onionskin extract app.tar /app/core --layer 3 -o out  # what layer 3 itself contains there
  onionskin extract app.tar /app/core --stack 2 -o out  # from the filesystem up to layer 2
  onionskin extract app.tar / -o root                   # everything"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// The path of the file or folder
    path: OsString,

    /// The folder to write to; it is created if its parent exists
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    #[command(flatten)]
    layers: LayerArguments,

    #[command(flatten)]
    tables: TableArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let folder = write::Folder::check(&arguments.output)?;
    let mut opened = arguments.image.open().await?;
    opened.use_tables(&arguments.tables, true).await;
    match extract(&arguments, &folder, &opened).await {
        Err(error) if error.is::<Unread>() => {
            opened.tables.turn_off();
            extract(&arguments, &folder, &opened).await
        }
        done => done,
    }
}

/// Extracts what is asked for.
async fn extract(
    arguments: &Arguments,
    folder: &write::Folder,
    opened: &Opened,
) -> anyhow::Result<()> {
    let wanted = arguments.layers.of(&opened.image)?;
    let image = &arguments.image.image;
    let path = arguments.path.as_encoded_bytes();
    let stack = match wanted {
        Wanted::Layer(number) => {
            let index = opened.decode_one(number).await?;
            let mut stack = Stack::new();
            stack.push_alone(std::sync::Arc::clone(&index))?;
            // Where such links lead is known only with the layers below.
            match stack.has_open_links() {
                true => alone(opened, index, number).await?,
                false => stack,
            }
        }
        Wanted::Stack(_) => opened.stack(wanted.decoded(&opened.image)).await?,
    };
    let without = not_fetched(&stack);
    let error = |error| match &without {
        Some(without) => {
            anyhow!(
                "{} (incomplete, without {without})",
                missing(&error, path, wanted, image)
            )
        }
        None => anyhow!("{}", missing(&error, path, wanted, image)),
    };
    let depth = stack.depth();
    let named = stack.look_up(path, depth).map_err(&error)?;
    let node = stack.resolve(path, depth).map_err(&error)?;
    let plan = Plan::of(&stack, node, matches!(wanted, Wanted::Layer(_)));
    if plan.is_empty() && node != NodeId::ROOT {
        bail!(
            "{} is {}, which cannot be extracted",
            text(path),
            plan.what()
        );
    }
    // A file that a link leads to has the name that was asked for.
    let name = stack.name(named).to_vec();
    folder.check_free(&name)?;
    // The numbers of a layer that stands alone begin at 1.
    let offset = match depth {
        1 => wanted.below(),
        _ => 0,
    };
    let contents = write::contents(opened, &stack, &plan, offset).await?;
    let written = folder.write(&plan, &name, contents)?;
    if let Some(without) = without {
        note(format_args!(
            "what was extracted is incomplete, without {without}"
        ));
    }
    for line in told(&plan) {
        note(line);
    }
    opened.tables.note(&opened.image.layers);
    Ok(print(&format!(
        "Extracted {}, {}, to {}\n",
        plan.counted(),
        size(plan.bytes(&stack)),
        Visible(&terminal::path(&written))
    ))?)
}

/// Paths that a note names.
const NAMED: usize = 5;

/// What was changed or skipped.
fn told(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for what in Skipped::ALL {
        let paths = plan.skipped.iter().filter(|(why, _)| *why == what);
        let paths: Vec<_> = paths.map(|(_, path)| text(path)).collect();
        if paths.is_empty() {
            continue;
        }
        let named = paths.get(..NAMED.min(paths.len())).unwrap_or_default();
        let more = match paths.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        lines.push(format!("{}: {}{more}", what.says(), named.join(", ")));
    }
    lines
}
