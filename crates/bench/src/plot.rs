//! Plots with logarithmic axes, as an SVG file.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

/// Pixels of one plot.
const PANEL: (u32, u32) = (420, 280);
/// Plots beside each other.
const COLUMNS: usize = 2;
/// The colours of the page's light theme: text, grid, line.
const TEXT: RGBColor = RGBColor(0x1f, 0x23, 0x28);
const GRID: RGBColor = RGBColor(0xd1, 0xd9, 0xe0);
const LINE: RGBColor = RGBColor(0x09, 0x69, 0xda);

/// What was measured, from the smallest to the largest.
pub(crate) struct Line(Vec<(f64, f64)>);

impl Line {
    pub(crate) fn of(points: impl Iterator<Item = (f64, f64)>) -> Self {
        Self(points.collect())
    }

    /// The decades around one side of the points.
    fn decades(&self, side: fn(&(f64, f64)) -> f64) -> std::ops::Range<f64> {
        let values = || self.0.iter().map(side);
        let least = values().fold(f64::INFINITY, f64::min).max(1e-6);
        let most = values().fold(least, f64::max);
        10_f64.powf(least.log10().floor())..10_f64.powf((most * 1.01).log10().ceil())
    }
}

/// A plot.
pub(crate) struct Panel {
    pub(crate) title: String,
    /// What is counted along the lower axis.
    pub(crate) unit: &'static str,
    pub(crate) line: Line,
}

/// Draws all of them into one file. In each, a thin line shows growth in proportion from the last point.
pub(crate) fn draw(to: &Path, panels: &[Panel]) -> Result<()> {
    let rows = panels.len().div_ceil(COLUMNS);
    let size = (PANEL.0 * COLUMNS as u32, PANEL.1 * rows as u32);
    let area = SVGBackend::new(to, size).into_drawing_area();
    let failed = |error: &dyn std::fmt::Display| anyhow!("{error}");
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    for (panel, place) in panels.iter().zip(area.split_evenly((rows, COLUMNS))) {
        one(panel, &place).map_err(|error| failed(&error))?;
    }
    area.present().map_err(|error| failed(&error))
}

fn one<'a>(
    panel: &Panel,
    place: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
    let (across, up) = (
        panel.line.decades(|point| point.0),
        panel.line.decades(|point| point.1),
    );
    let title = ("sans-serif", 15).into_font().color(&TEXT);
    let mut chart = ChartBuilder::on(place)
        .margin(12)
        .caption(&panel.title, title)
        .x_label_area_size(36)
        .y_label_area_size(52)
        .build_cartesian_2d(across.clone().log_scale(), up.clone().log_scale())?;
    chart
        .configure_mesh()
        .axis_style(TEXT)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 12).into_font().color(&TEXT))
        .x_label_formatter(&|value| short(*value))
        .y_label_formatter(&|value| short(*value))
        .x_desc(panel.unit)
        .draw()?;
    if let Some((size, cost)) = panel.line.0.last().copied() {
        // Where it leaves the plot below.
        let least = across.start.max(size * up.start / cost);
        let proportional = [(least, cost * least / size), (size, cost)];
        chart.draw_series(DashedLineSeries::new(
            proportional,
            4,
            4,
            GRID.stroke_width(2),
        ))?;
    }
    let points = &panel.line.0;
    chart.draw_series(LineSeries::new(
        points.iter().copied(),
        LINE.stroke_width(2),
    ))?;
    chart.draw_series(
        points
            .iter()
            .map(|point| Circle::new(*point, 3, LINE.filled())),
    )?;
    Ok(())
}

/// `10k` for 10,000.
fn short(value: f64) -> String {
    match value {
        value if value >= 999_999.0 => format!("{}M", value / 1e6),
        value if value >= 999.0 => format!("{}k", value / 1e3),
        // Powers of ten below one are not exact.
        value => format!("{}", (value * 1e6).round() / 1e6),
    }
}
