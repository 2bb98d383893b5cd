//! `palisade-view`: pictures and a window of a run.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use palisade_sim::model::scenario::TimeOfDay;
use palisade_sim::words::Ms;
use palisade_view::overlays::Overlays;
use palisade_view::run_folder::Run;
use palisade_view::window::words::Language;
use palisade_view::window::{self, Options};
use palisade_view::{bench, stills};

/// Shows what a run left: a window, or still pictures.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// The run's folder, such as results/latest: opens the window.
    run: Option<PathBuf>,
    /// The instant at which it starts, `HH:MM` or `HH:MM:SS`.
    #[arg(long, default_value = "07:30", value_parser = instant)]
    at: Ms,
    /// Width and height in pixels.
    #[arg(long, default_value = "1280x720", value_parser = size)]
    size: [u32; 2],
    /// `en` or `zh`; the locale decides when not given.
    #[arg(long, value_parser = ["en", "zh"])]
    language: Option<String>,
    /// Tell changes of the window on stdout, a JSON line each.
    #[arg(long)]
    tell: bool,
}

fn instant(text: &str) -> Result<Ms, String> {
    text.parse::<TimeOfDay>().map(|t| t.0)
}

#[derive(Subcommand)]
enum What {
    /// Draw still pictures of a run.
    Stills {
        /// The run's folder, such as results/latest.
        run: PathBuf,
        /// Where the pictures go; `stills` in the run's folder when not given.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Width and height in pixels.
        #[arg(long, default_value = "1280x720", value_parser = size)]
        size: [u32; 2],
        /// Only these pictures, such as `noon,fire`.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// The camera of the kit that the picture `camera` is taken through; the one with most to see when not given.
        #[arg(long, value_name = "ID")]
        camera: Option<String>,
    },
    /// Measure what the user waits for, on a run.
    Bench {
        /// `seek`: jumps to random instants, until the picture is done. `frames`: frames with a crowd.
        #[arg(value_parser = ["seek", "frames"])]
        which: String,
        /// The run's folder.
        run: PathBuf,
        /// People in the crowd.
        #[arg(long, default_value_t = 2_000)]
        people: usize,
        /// How many to measure.
        #[arg(long, default_value_t = 100)]
        count: usize,
    },
}

fn size(text: &str) -> Result<[u32; 2], String> {
    let wrong = || format!("`{text}` is no size; write it like 1280x720, with 64 to 4096 pixels each way");
    let (w, h) = text.split_once('x').ok_or_else(wrong)?;
    let size = [w, h].map(|n| n.parse::<u32>().unwrap_or(0));
    if size.iter().all(|n| (64..=4096).contains(n)) { Ok(size) } else { Err(wrong()) }
}

fn main() -> ExitCode {
    let args = Args::parse();
    match args.what {
        Some(What::Stills { run, out, size, only, camera }) => {
            let wish = stills::Wish { size, only: &only, camera: camera.as_deref() };
            draw(run, out, &wish)
        }
        Some(What::Bench { which, run, people, count }) => measure(&which, &run, people, count),
        None => match &args.run {
            Some(folder) => open(folder, &args),
            None => ExitCode::from(2),
        },
    }
}

fn open(folder: &std::path::Path, args: &Args) -> ExitCode {
    let run = match read(folder) {
        Ok(run) => run,
        Err(code) => return code,
    };
    let language =
        args.language.clone().or_else(|| std::env::var("LC_ALL").ok()).or_else(|| std::env::var("LANG").ok());
    let options = Options {
        at: args.at,
        size: args.size,
        language: Language::of_locale(&language.unwrap_or_default()),
        tell: args.tell,
        overlays: Overlays { beams: true, ..Overlays::default() },
    };
    if std::env::var_os("DISPLAY").is_none() && std::env::var_os("WAYLAND_DISPLAY").is_none() {
        eprintln!("palisade-view: no display: set DISPLAY, or draw pictures with `palisade-view stills RUN`");
        return ExitCode::from(6);
    }
    match window::open(run, &options) {
        Ok(exit) if exit.is_success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("palisade-view: {error}");
            ExitCode::from(6)
        }
    }
}

fn draw(folder: PathBuf, out: Option<PathBuf>, wish: &stills::Wish<'_>) -> ExitCode {
    if let Some(wrong) = wish.only.iter().find(|o| !stills::NAMES.contains(&o.as_str())) {
        eprintln!("palisade-view: there is no picture `{wrong}`; there are {}", stills::NAMES.join(", "));
        return ExitCode::from(2);
    }
    let run = match read(&folder) {
        Ok(run) => run,
        Err(code) => return code,
    };
    let cameras = &run.scenario.file.kit.camera;
    if let Some(id) = wish.camera.filter(|id| cameras.iter().all(|c| c.id.as_str() != *id)) {
        let names: Vec<&str> = cameras.iter().map(|c| c.id.as_str()).collect();
        eprintln!("palisade-view: {} has no camera `{id}`; it has {}", folder.display(), names.join(", "));
        return ExitCode::from(2);
    }
    let out = out.unwrap_or_else(|| folder.join("stills"));
    match stills::draw(run, &out, wish, |title| eprintln!("drawing: {title}")) {
        Ok(drawn) => {
            for why in &drawn.left_out {
                eprintln!("left out: {why}");
            }
            eprintln!("{} pictures in {}", drawn.rows.len(), out.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("palisade-view: {error}");
            ExitCode::from(6)
        }
    }
}

fn read(folder: &std::path::Path) -> Result<Arc<Run>, ExitCode> {
    Run::read(folder).map(Arc::new).map_err(|error| {
        eprintln!("palisade-view: {error}");
        ExitCode::from(3)
    })
}

/// Prints a bench's figures as JSON on stdout.
fn measure(which: &str, folder: &std::path::Path, people: usize, count: usize) -> ExitCode {
    let run = match read(folder) {
        Ok(run) => run,
        Err(code) => return code,
    };
    let figures = if which == "seek" { bench::seek(run, count) } else { bench::frames(run, people, count) };
    match figures {
        Ok(figures) => {
            let text = serde_json::to_string_pretty(&figures).unwrap_or_default();
            // Data, for whoever compares.
            let _ = writeln!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("palisade-view: {error}");
            ExitCode::from(6)
        }
    }
}
