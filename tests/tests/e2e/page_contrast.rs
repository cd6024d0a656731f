//! What a view has to hold to where the system asks for more contrast, or draws in colours of its own.

use onionskin_tests::Browser;

/// A setting of the system, and a script that tells what is wrong with a view under it.
pub(super) struct Setting {
    pub(super) feature: &'static str,
    pub(super) value: &'static str,
    themes: &'static [&'static str],
    wrong: &'static str,
}

/// Who asks for more contrast gets 7:1 for each text.
pub(super) const MORE_CONTRAST: Setting = Setting {
    feature: "prefers-contrast",
    value: "more",
    themes: &["light", "dark"],
    wrong: "const done = arguments[arguments.length - 1];
        axe.run(document, { runOnly: { type: 'rule', values: ['color-contrast-enhanced'] } }).then(found => done(
            found.violations.flatMap(rule => rule.nodes.map(node => `${node.failureSummary} ${node.html.slice(0, 200)}`))));",
};

/// Under the system's colours, what is chosen differs from what is not, each mark is there, and the parts of a bar can be
/// told apart.
pub(super) const FORCED_COLOURS: Setting = Setting {
    feature: "forced-colors",
    value: "active",
    themes: &["light"],
    wrong: "const done = arguments[arguments.length - 1], found = [];
        const is_seen = part => part.getClientRects().length > 0;
        const seen = parts => [...document.querySelectorAll(parts)].filter(is_seen);
        const style = part => getComputedStyle(part);
        const look = part => (s => [s.backgroundColor, s.borderColor, s.color, s.outlineStyle].join(' '))(style(part));
        for (const [chosen, other] of [
            ['[role=tab][aria-selected=true]', '[role=tab][aria-selected=false]'],
            ['.switch [aria-pressed=true]', '.switch [aria-pressed=false]'],
            ['.chip[aria-pressed=true]', '.chip[aria-pressed=false]'],
            ['.by-layer [aria-pressed=true]', '.by-layer [aria-pressed=false]'],
            ['.map-slider [aria-pressed=true]', '.map-slider [aria-pressed=false]'],
            ['.layer[aria-selected=true]', '.layer[aria-selected=false]'],
            ['.row.selected', '.row[data-row]:not(.selected)'],
            ['.finding.selected', '.finding:not(.selected)'],
            ['.history-table tr.chosen', '.history-table tbody tr:not(.chosen)'],
            ['.code .line.chosen', '.code .line:not(.chosen)'],
        ]) {
            const [one, another] = [seen(chosen)[0], seen(other)[0]];
            if (one && another && look(one) === look(another)) found.push(`${chosen} looks like ${other}`);
        }
        const ground = style(document.body).backgroundColor;
        for (const mark of seen('.sign, .dot, .swatch')) {
            const { backgroundColor, boxShadow, color } = style(mark);
            const filled = ![ground, 'rgba(0, 0, 0, 0)'].includes(backgroundColor);
            if (!filled && boxShadow === 'none') found.push(`${mark.className} is not to be seen`);
            if (mark.matches('.sign') && [ground, backgroundColor].includes(color) && !filled) found.push(`${mark.className} has no letter`);
        }
        for (const bar of seen('svg.bar')) {
            const parts = [...bar.querySelectorAll('rect')].map(part => [part.getAttribute('class'), style(part).fill]);
            const [classes, fills] = [0, 1].map(at => new Set(parts.map(part => part[at])).size);
            if (fills < classes || parts.some(part => part[1] === ground)) found.push(`bar of ${parts.join(', ')}`);
        }
        done(found);",
};

impl Setting {
    /// Looks at what the browser shows, under this setting, which ends with it; `look` is done in each theme.
    pub(super) async fn look(&self, browser: &Browser, name: &str, look: impl AsyncFn(&str)) {
        browser.emulate(self.feature, self.value).await;
        let is_so: bool = browser
            .value(&format!(
                "matchMedia('({}: {})').matches",
                self.feature, self.value
            ))
            .await;
        assert!(is_so, "{} is not emulated", self.feature);
        for theme in self.themes {
            browser.theme(theme).await;
            browser.settled().await;
            look(theme).await;
            let found: Vec<String> = browser.run(self.wrong).await;
            assert!(
                found.is_empty(),
                "{name}, {theme}, {}: {found:#?}",
                self.feature
            );
        }
        browser.emulate_nothing().await;
    }
}
