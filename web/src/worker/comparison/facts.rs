//! What the page shows of a comparison as a whole, from the core's own report of it.

use onionskin_core::inspection::LayerFacts;
use onionskin_core::report::comparison::{Compared, LayerChange, Side};

use super::{Comparison, ReadImage};
use crate::counts::number;
use crate::worker::protocol::{Both, Changes, ComparedLayer, ComparisonFacts};

impl Comparison {
    /// All but the tree.
    pub(crate) fn facts(&self) -> ComparisonFacts {
        let files = |side: &ReadImage| side.view.total().files;
        let counts = Changes::NAMED.map(|(change, _)| {
            let of_it = self
                .report
                .files
                .iter()
                .filter(|file| file.change == change);
            number(of_it.count())
        });
        let Both { old, new } = &self.sides;
        self.compared(|compared| ComparisonFacts {
            numbers: compared.all_numbers().into(),
            files: Both {
                old: files(old),
                new: files(new),
            },
            packages_of: Both {
                old: old.packages,
                new: new.packages,
            },
            update: self.update.bytes,
            layers: layers(compared),
            counts,
            config: compared.fields(),
            history: compared.history(),
            packages: self.report.package_sizes.clone(),
            wasted_by_package: self.report.wasted_by_package.clone(),
            notes: compared.notes().collect(),
        })
    }
}

fn layers(compared: &Compared<'_>) -> Vec<ComparedLayer> {
    let changes = compared.layer_changes().into_iter();
    let told = |change| match change {
        LayerChange::Kept(before, layer) => {
            layer_of(&compared.new, layer, Some(before), Some(layer))
        }
        LayerChange::Removed(layer) => layer_of(&compared.old, layer, Some(layer), None),
        LayerChange::Added(layer) => ComparedLayer {
            files: compared.largest_files(layer.layer).to_vec(),
            ..layer_of(&compared.new, layer, None, Some(layer))
        },
    };
    changes.map(told).collect()
}

fn layer_of(
    side: &Side<'_>,
    layer: &LayerFacts,
    old: Option<&LayerFacts>,
    new: Option<&LayerFacts>,
) -> ComparedLayer {
    ComparedLayer {
        old: old.map(|layer| number(layer.layer)),
        new: new.map(|layer| number(layer.layer)),
        command: side.command(layer).unwrap_or_default(),
        compressed: layer.compressed_size,
        stored: layer.stored,
        wasted: layer.wasted,
        was_wasted: old.filter(|_| new.is_some()).and_then(|old| old.wasted),
        files: Vec::new(),
        not_fetched: layer.not_fetched,
    }
}
