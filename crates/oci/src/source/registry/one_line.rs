//! Text of a registry in a message: one short line.

/// Characters shown of what a registry says.
const SHOWN: usize = 300;

/// One short line without anything that a terminal would act on.
pub(super) fn plain(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars()
        .map(|c| if acts(c) { ' ' } else { c })
        .take(SHOWN)
        .collect()
}
