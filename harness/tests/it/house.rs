//! The house's own rules that can be tested: who imports whom, what the twin never touches, what the README claims.
//! Each message says what to do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Rooms of `sim`, lowest first. A room imports only from those before it.
const SIM: [&str; 6] = ["words", "contract", "model", "analysis", "twin", "whole"];

/// The package that holds a room of the twin: what needs no engine is a package of its own.
fn package(room: &str) -> &'static str {
    if ["twin", "whole"].contains(&room) { "sim" } else { "sim/layout" }
}

/// What a room without sockets, files and verbs must not name.
const PURE: [&str; 8] = [
    "tokio",
    "rumqttc",
    "crate::drivers",
    "crate::run",
    "crate::report",
    "crate::cli",
    "std::fs",
    "std::net",
];

/// Room of `harness`, and what it must not name.
const HARNESS: [(&str, &[&str]); 15] = [
    ("contract", &PURE),
    ("wire", &PURE),
    ("actuator", &PURE),
    ("actuator", &["std::time"]),
    ("schedule", &PURE),
    ("shape", &PURE),
    ("fault", &PURE),
    ("pairing", &PURE),
    ("latency", &PURE),
    ("verdict", &PURE),
    ("diagnosis", &PURE),
    // Who judges a gateway does not know what it was bent by.
    ("diagnosis", &["crate::reference", "crate::defects", "std::time"]),
    ("drivers", &["crate::pairing", "crate::latency", "crate::verdict", "crate::report", "crate::cli"]),
    ("report", &["tokio", "rumqttc", "crate::drivers", "crate::run", "crate::cli", "std::net"]),
    (
        "reference",
        &["crate::drivers", "crate::run", "crate::report", "crate::pairing", "crate::verdict", "crate::wire"],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Rust files of a room: `src/<room>.rs` and everything under `src/<room>/`.
fn room(package: &str, name: &str) -> Result<Vec<PathBuf>> {
    let src = root().join(package).join("src");
    let mut files = Vec::new();
    let single = src.join(format!("{name}.rs"));
    if single.exists() {
        files.push(single);
    }
    let mut folders = vec![src.join(name)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    ensure!(!files.is_empty(), "{package} has no room `{name}`: name the rooms in this test as they are");
    Ok(files)
}

/// A file's code without its comment lines.
fn code(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file)?;
    Ok(text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n"))
}

/// Names that stand right behind `crate::`, also in a group: `crate::{a::B, c}` gives `a` and `c`.
fn named(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if !rest.starts_with('{') {
            names.insert(word(rest));
            continue;
        }
        let mut depth = 0;
        let mut fresh = false;
        for (i, c) in rest.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            if depth == 1 && (c == '{' || c == ',') {
                fresh = true;
            } else if fresh && !c.is_whitespace() {
                names.insert(word(&rest[i..]));
                fresh = false;
            }
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn names_are_read_out_of_groups() {
    let names = named("use crate::{words::{Ms, Id}, model};\nuse crate::twin::X;");
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["model", "twin", "words"]);
}

#[test]
fn a_room_of_the_twin_imports_only_from_lower_rooms() -> Result<()> {
    for (level, name) in SIM.iter().enumerate() {
        for file in room(package(name), name)? {
            for used in named(&code(&file)?) {
                let allowed = SIM[..=level].contains(&used.as_str());
                ensure!(
                    allowed || !SIM.contains(&used.as_str()),
                    "{}: room `{name}` imports from the higher room `{used}`; move what it needs down",
                    file.display()
                );
            }
        }
    }
    Ok(())
}

#[test]
fn each_room_of_the_harness_keeps_out_of_what_is_not_its_business() -> Result<()> {
    for (name, forbidden) in HARNESS {
        for file in room("harness", name)? {
            let text = code(&file)?;
            let rooms = named(&text);
            for word in forbidden {
                let found = match word.strip_prefix("crate::") {
                    Some(other) => rooms.contains(other),
                    None => text.contains(&format!("{word}::")),
                };
                ensure!(!found, "{}: room `{name}` must not use `{word}`", file.display());
            }
        }
    }
    Ok(())
}

#[test]
fn the_twin_reads_no_clock_file_socket_or_environment() -> Result<()> {
    let forbidden = [
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "std::env",
        "std::process",
        "std::io::std",
        "Instant::now",
        "SystemTime",
        "println!",
        "rand::rng",
    ];
    for name in SIM {
        for file in room(package(name), name)? {
            let text = code(&file)?;
            for word in forbidden {
                ensure!(
                    !text.contains(word),
                    "{}: `{word}`; the caller hands the twin what it needs",
                    file.display()
                );
            }
        }
    }
    Ok(())
}

#[test]
fn the_default_members_name_no_renderer() -> Result<()> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--package",
            "palisade",
            "--package",
            "palisade-sim",
            "--package",
            "palisade-layout",
            "--package",
            "palisade-sheets",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root())
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout)?;
    ensure!(tree.contains("bevy_ecs "), "the list of packages holds the engine");
    for line in tree.lines() {
        let package = line.split(' ').next().unwrap_or_default();
        let renders = ["wgpu", "winit", "bevy_render", "bevy_pbr", "bevy_winit"].contains(&package);
        ensure!(!renders, "`{package}` is a renderer; only palisade-view may name one");
    }
    Ok(())
}

#[test]
fn the_top_level_holds_what_the_house_draws_and_nothing_else() -> Result<()> {
    let allowed: BTreeSet<&str> = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "assets",
        "harness",
        "results",
        "scenarios",
        "sim",
    ]
    .into();
    let output = Command::new("git").args(["ls-files"]).current_dir(root()).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found = BTreeSet::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let top = line.split('/').next().unwrap_or_default().to_owned();
        ensure!(
            top.starts_with('.') || allowed.contains(top.as_str()),
            "`{top}` stands at the top level; the house has a room for it"
        );
        found.insert(top);
    }
    for name in allowed {
        ensure!(found.contains(name), "`{name}` is missing at the top level");
    }
    Ok(())
}

/// The part of the README under a heading, up to the next one of the same level.
fn section<'a>(readme: &'a str, heading: &str) -> Result<&'a str> {
    let (_, rest) = readme
        .split_once(&format!("\n## {heading}\n"))
        .with_context(|| format!("README: no `## {heading}`"))?;
    Ok(rest.split("\n## ").next().unwrap_or(rest))
}

#[test]
fn every_path_of_the_code_map_exists_and_every_room_is_on_it() -> Result<()> {
    let readme = std::fs::read_to_string(root().join("README.md"))?;
    let map = section(&readme, "Code map")?;
    let mut named = BTreeSet::new();
    for path in map.split('`').skip(1).step_by(2) {
        ensure!(root().join(path).exists(), "README's code map names `{path}`, which is not there");
        named.insert(path.trim_end_matches('/').to_owned());
    }
    for package in ["sim", "sim/layout", "sim/view", "harness", "harness/sheets"] {
        for entry in std::fs::read_dir(root().join(package).join("src"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let path = format!("{package}/src/{name}");
            let is_room = !["lib.rs", "main.rs"].contains(&name.as_str());
            ensure!(!is_room || named.contains(&path), "README's code map does not name `{path}`");
        }
    }
    Ok(())
}

#[test]
fn the_readme_says_of_each_system_whether_it_works() -> Result<()> {
    let readme = std::fs::read_to_string(root().join("README.md"))?;
    let table = section(&readme, "What works today")?;
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes().get(2).is_some_and(u8::is_ascii_digit))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 17, "domain.md has seventeen systems");
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(row[0], (i + 1).to_string(), "rows in order");
        let state = row.get(2).copied().unwrap_or_default();
        ensure!(["works", "partly", "not yet"].contains(&state), "row {}: `{state}`", i + 1);
    }
    Ok(())
}
