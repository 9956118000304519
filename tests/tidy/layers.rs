//! The layer table of ARCHITECTURE.md: a module uses only lower layers, and the judges of servers
//! never the server.

use crate::source::Source;

/// Each module of `src` with its layer.
const LAYERS: [(&str, u8); 27] = [
    ("model", 0),
    ("profile", 1),
    ("registry", 2),
    ("console", 2),
    ("peers", 2),
    ("wire", 2),
    ("scenario", 2),
    ("node", 3),
    ("client", 3),
    ("edge", 4),
    ("snapshot", 4),
    ("serve", 5),
    ("bench", 5),
    ("verify", 5),
    ("rescue", 5),
    ("compensate", 5),
    ("audit", 5),
    ("drill", 5),
    ("diff", 5),
    ("plan", 5),
    ("upgrade", 5),
    ("gateway", 5),
    ("ctl", 5),
    ("config", 5),
    ("cli", 6),
    ("lib", 7),
    ("main", 7),
];

/// Modules that may use less than every lower layer: they judge servers or speak to them, and one
/// that shared the server's code would agree with its mistakes.
const NARROWER: [(&str, &[&str]); 10] = [
    ("client", &["model", "wire"]),
    ("bench", &["model", "wire", "client"]),
    ("verify", &["model", "wire", "client"]),
    ("ctl", &["model", "wire", "client"]),
    ("snapshot", &["model", "wire", "client"]),
    ("compensate", &["model", "wire", "client", "snapshot"]),
    ("diff", &["model", "wire", "client", "snapshot"]),
    ("plan", &["model", "wire", "client", "snapshot"]),
    ("upgrade", &["model", "wire", "client"]),
    ("gateway", &["model"]),
];

/// Every `crate::module` is of a lower layer.
pub fn only_lower_layers(source: &Source) -> Vec<String> {
    let Some(module) = source.module() else { return Vec::new() };
    let Some(own) = layer(module) else {
        let what = format!("`{module}` is not in the layer table: give it a layer in tests/tidy/");
        return vec![source.finding(1, &what)];
    };
    let uses = uses(source, module);
    uses.into_iter()
        .filter_map(|(line, used)| {
            // The root's own items belong to nobody's layer, and macros stand at the root.
            let used_layer = layer(&used)?;
            let narrow = NARROWER.iter().find(|(name, _)| *name == module);
            if let Some((_, allowed)) = narrow
                && !allowed.contains(&used.as_str())
            {
                let allowed = allowed.join(", ");
                let what = format!("`{module}` uses `{used}`, but it may use only {allowed}");
                return Some(source.finding(line, &what));
            }
            (used_layer >= own).then(|| {
                let what = format!(
                    "`{module}` (layer {own}) uses `{used}` (layer {used_layer}): only lower layers"
                );
                source.finding(line, &what)
            })
        })
        .collect()
}

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// The other modules that a file names, with the lines.
fn uses(source: &Source, module: &str) -> Vec<(usize, String)> {
    let mut uses = Vec::new();
    // How far the crate's root is from this file: one `super` for each folder and for the file.
    let below = source.path.trim_start_matches("src/").trim_end_matches(".rs");
    let depth = below.trim_end_matches("/mod").split('/').count();
    let mut index = 0;
    while index < source.tokens.len() {
        let start = index;
        index += 1;
        if source.reads(start, &["crate", ":", ":"]) {
            uses.extend(heads(source, start + 3));
        }
        let mut supers = 0;
        while source.reads(start + 3 * supers, &["super", ":", ":"]) {
            supers += 1;
        }
        if supers >= depth {
            uses.extend(heads(source, start + 3 * supers));
        }
        index += (3 * supers).saturating_sub(1);
    }
    uses.retain(|(_, used)| used != module);
    uses
}

/// The first names of a path or of a group of paths: `a::b` is a, `{a::b, c}` is a and c.
fn heads(source: &Source, start: usize) -> Vec<(usize, String)> {
    if !source.reads(start, &["{"]) {
        let token = source.tokens.get(start);
        return token.map(|token| (token.line, token.text.clone())).into_iter().collect();
    }
    let end = source.closing(start);
    let mut heads = Vec::new();
    let mut index = start + 1;
    let mut expected = true;
    while index < end {
        let token = &source.tokens[index];
        if expected {
            heads.push((token.line, token.text.clone()));
        }
        expected = token.text == ",";
        index = if token.text == "{" { source.closing(index) + 1 } else { index + 1 };
    }
    heads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        only_lower_layers(&Source::parse(path, text))
    }

    #[test]
    fn a_use_of_an_upper_or_equal_layer_is_found() {
        assert_eq!(
            findings("src/model/names.rs", "//! Names.\nuse crate::wire::json;\n"),
            ["src/model/names.rs:2: `model` (layer 0) uses `wire` (layer 2): only lower layers"]
        );
        assert_eq!(findings("src/registry/a.rs", "fn a() { crate::peers::b() }").len(), 1);
        let group = "use crate::{\n model::{A, node},\n serve::C,\n};";
        assert_eq!(findings("src/edge/a.rs", group).len(), 1);
        assert_eq!(findings("src/edge/http/a.rs", "use super::super::super::cli::x;").len(), 1);
    }

    #[test]
    fn a_judge_that_uses_the_server_is_found() {
        for used in ["registry", "node", "profile"] {
            let text = format!("use crate::{used}::X;");
            assert_eq!(findings("src/verify/a.rs", &text).len(), 1, "{used}");
            assert_eq!(findings("src/bench/a.rs", &text).len(), 1, "{used}");
            assert_eq!(findings("src/client/a.rs", &text).len(), 1, "{used}");
        }
    }

    #[test]
    fn a_module_without_a_layer_is_found() {
        assert_eq!(findings("src/utils/a.rs", "").len(), 1);
    }

    #[test]
    fn lower_layers_and_own_modules_are_fine() {
        assert_eq!(findings("src/node/a.rs", "use crate::{registry::X, node::Y};").len(), 0);
        assert_eq!(findings("src/edge/http/a.rs", "use super::super::udp::x;").len(), 0);
        assert_eq!(findings("src/verify/a.rs", "use crate::client::http;").len(), 0);
        assert_eq!(findings("src/cli/a.rs", "use crate::serve::Config;").len(), 0);
    }
}
