//! `palisade run`: live through the day, drive a gateway with it, judge what it says.

pub(super) mod disturb;
mod held;
mod limit;
mod show;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use palisade_load::process::OpenFiles;
use palisade_sim::model::drive::Window;

use super::say::{print, remark, remark_whole};
use super::{Exit, Failure, OutputFormat};
use crate::contract::{Carrier, Checked, Kit};
use crate::drivers::crowd::Fleet;
use crate::progress::Progress;
use crate::reference::Defects;
use crate::report;
use crate::run::{Measured, Outside, Request, Stop, Sut, measure};
use crate::shape::Shape;
use crate::{input, schedule};

/// Options of `palisade run`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file.
    scenario: PathBuf,
    /// The seed; the scenario's own when not given.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The run's folder; `results/<scenario>-<time>` when not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t)]
    output_format: OutputFormat,
    /// Stretches of the day to drive, such as 02:14:00+20s,08:00+10s; chosen by what happens when not given.
    #[arg(long, value_name = "WINDOWS", value_parser = |text: &str| schedule::parse_windows(text).map(Windows))]
    windows: Option<Windows>,
    /// The system under test: builtin, mqtt://HOST:PORT or a contract such as scenarios/sut/node-red/contract.toml;
    /// the scenario's own when not given.
    #[arg(long, value_name = "ADDRESS")]
    sut: Option<String>,
    /// What is wrong with the builtin gateway, such as drop=0.05,delay=200ms; see `palisade gateway --help`.
    #[arg(long, value_name = "SPEC")]
    defect: Option<Defects>,
    /// Skip the floor: the first 6 seconds of one window (the one that expects most in them) driven against an echo,
    /// which shows the harness's own share.
    #[arg(long)]
    no_floor: bool,
    /// How many compounds speak to the gateway: this one and N - 1 copies of it with names of their own, of which each answer is
    /// judged, too; 1 when not given. With --find-limit the largest fleet that is tried.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    fleet: Option<u32>,
    /// Raise the fleet until a threshold breaks, and repeat runs about there until the gateway's limit is known.
    #[arg(long, conflicts_with_all = ["baseline", "watch", "metrics"])]
    find_limit: bool,
    /// How much of the fleet speaks when, and what befalls it, such as scenarios/load/ramp.toml; all of it all the time
    /// when not given.
    #[arg(long, value_name = "FILE")]
    shape: Option<PathBuf>,
    /// What disturbs the connections of devices (and of the copies) while the gateway is driven, such as
    /// scenarios/faults/flaky-link.toml; drawn by the run's seed. The floor is not disturbed.
    #[arg(long, value_name = "FILE")]
    fault: Option<PathBuf>,
    /// An earlier run of the same day against which this one is held: slower, or more lost, than chance and the machine
    /// explain is a fail. May be given several times: it must then be worse than in each.
    #[arg(long, value_name = "RUN")]
    baseline: Vec<PathBuf>,
    /// A change of latency of no more than this share of the baseline's does not matter: 5%.
    #[arg(long, value_name = "PERCENT", default_value = "5%", requires = "baseline", value_parser = held::percent)]
    tolerance: f64,
    /// Answer at this address with OpenMetrics of the run so far, under /metrics: 127.0.0.1:9464.
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// Let --metrics answer at an address that other machines reach. It asks nobody for a password.
    #[arg(long, requires = "metrics")]
    expose: bool,
    /// Show the run on the whole terminal, as `palisade watch` does.
    #[arg(long)]
    watch: bool,
}

/// Windows in one option.
#[derive(Clone, Debug)]
struct Windows(Vec<Window>);

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    args.metrics.map_or(Ok(()), |at| show::may_answer(at, args.expose))?;
    let loaded = input::load(&args.scenario)?;
    let file = &loaded.scenario.file;
    can_be_driven(&loaded, args.windows.as_ref(), args.defect.as_ref())?;
    let address = args.sut.as_deref().unwrap_or(&file.sut.address);
    let kit = input::kit(&loaded.scenario);
    let sut = sut(address, args.defect.as_ref(), &kit)?;
    let seed = args.seed.unwrap_or(file.seed);
    let broker = is_heard_over_a_broker(&sut);
    let each = files_each(args.fault.is_some());
    let several = |compounds| fleet(compounds, (args.shape.as_deref(), broker, each), &loaded, seed);
    let (kept, options) = held::kept(args, &loaded, seed)?;
    let faults = args.fault.as_deref().map(|file| disturb::faults(file, seed, &sut, &kit)).transpose()?;
    let fleet = if args.find_limit { None } else { several(args.fleet.unwrap_or(1))? };
    if let (None, Some(_), false) = (&fleet, &args.shape, args.find_limit) {
        let text = "--shape says how much of a fleet speaks, and there is none; add --fleet with 2 or more compounds";
        return Err(Failure::new(Exit::Usage, text));
    }
    let told = Arc::new(OnceLock::new());
    let request = Request {
        seed,
        faults,
        fleet,
        path: args.scenario.clone(),
        out: args.out.clone(),
        windows: args.windows.as_ref().map(|w| w.0.clone()),
        sut,
        floor: !args.no_floor,
        serial: Vec::new(),
        commands: Vec::new(),
        loaded: loaded.clone(),
        day: None,
        kept,
        told: told.clone(),
        options,
        in_vain: false,
    };
    if args.find_limit {
        return limit::find(&request, args.fleet, &several, args.output_format);
    }
    let _endpoint = args.metrics.map(|at| show::metrics(at, &told)).transpose()?;
    let stop = Stop::on_signals()?;
    let measured = match args.watch {
        true => show::watched(&request, &stop)?,
        false => measure(&request, &stop, &Progress::new())?,
    };
    conclude(measured, args.output_format)
}

/// Makes the report of what was measured, prints it, and says the exit code.
fn conclude(measured: Measured, format: OutputFormat) -> Result<Exit, Failure> {
    if let Some((_, why)) = &measured.trouble {
        remark(why);
    }
    let trouble = measured.trouble.map(|(exit, _)| exit);
    let report = match report::make(&measured.folder) {
        Ok(report) => report,
        // What went wrong while measuring is the reason, and worth more than its consequence.
        Err(failure) => {
            return Err(Failure::new(trouble.unwrap_or(failure.exit()), failure));
        }
    };
    // The report is kept in the folder: a stdout that cannot be written does not change the verdict.
    let text = match format {
        OutputFormat::Human => report::terminal::render(&report),
        OutputFormat::Json => report::json(&report)?,
    };
    if let Err(why) = print(&text) {
        remark(why);
    }
    Ok(trouble.unwrap_or(report.exit()))
}

/// What is asked for must exist in this scenario, which is said before anything is done.
fn can_be_driven(
    loaded: &input::Loaded,
    windows: Option<&Windows>,
    defects: Option<&Defects>,
) -> Result<(), Failure> {
    let usage = |text: String| Failure::new(Exit::Usage, text);
    let scenario = &loaded.scenario;
    let windows = windows.map_or(&scenario.file.drive.windows, |w| &w.0);
    schedule::check(windows, scenario.file.day.lasting.0).map_err(|error| usage(error.to_string()))?;
    let deaf = defects.map_or(&[][..], |d| &d.deaf_to);
    let unknown = deaf.iter().find(|name| scenario.devices.iter().all(|d| d.id.to_string() != **name));
    let Some(unknown) = unknown else { return Ok(()) };
    let some: Vec<String> = scenario.devices.iter().take(6).map(|d| d.id.to_string()).collect();
    Err(usage(format!(
        "--defect: `deaf-to={unknown}` names no device of the scenario; there are {} and others",
        some.join(", ")
    )))
}

/// Whether others than a platform can hear the gateway.
pub(super) fn is_heard_over_a_broker(sut: &Sut) -> bool {
    let Sut::Contract(outside) = sut else { return true };
    let contract = &outside.contract;
    let links = contract.reaction.iter().filter_map(|row| contract.link(&row.link));
    !links.into_iter().any(|link| link.carrier == Carrier::Thingsboard)
}

/// Open files that the connection of a device takes here: its own, and the two ends of the proxy when there are faults.
pub(super) fn files_each(faults: bool) -> u64 {
    if faults { 3 } else { 1 }
}

/// The copies, if there are any; each of their devices needs a connection.
pub(super) fn fleet(
    compounds: u32,
    (shape, broker, files_each): (Option<&Path>, bool, u64),
    loaded: &input::Loaded,
    seed: u64,
) -> Result<Option<Fleet>, Failure> {
    let devices = loaded.scenario.devices.len();
    let file = shape.map(Path::to_owned);
    let shape = shape.map_or_else(|| Ok(Shape::constant()), input::shape)?;
    if !shape.subscriber.is_empty() && !broker {
        let text = "the subscribers of this shape would hear nothing: the gateway sends its answers to a platform and not to \
                    a broker; leave `[[subscriber]]` out";
        return Err(Failure::new(Exit::Usage, text));
    }
    let (files, needed) = (OpenFiles::raised(), u64::from(compounds) * devices as u64);
    let allows = files.connections() / files_each;
    let behind = if files_each > 1 { " through the proxy of --fault" } else { "" };
    if allows < needed {
        let text = format!(
            "a fleet of {compounds} needs {needed} connections, and the limit of {} open files allows {allows}{behind}; raise it \
             with `ulimit -n {}`, or take a smaller fleet",
            files.limit,
            needed * files_each + 64
        );
        return Err(Failure::new(Exit::Harness, text));
    }
    if compounds > 1 {
        let limit = files.limit;
        remark(format_args!("{needed} connections; the limit of {limit} open files allows {allows}{behind}"));
    }
    let bound = loaded.scenario.file.drive.load_lateness_bound().as_seconds();
    let lateness_bound = Duration::from_secs_f64(bound.max(0.0));
    Ok((compounds > 1 || shape.befalls_one()).then_some(Fleet {
        compounds,
        shape,
        file,
        seed,
        lateness_bound,
    }))
}

/// The system under test that was typed.
pub(super) fn sut(address: &str, defects: Option<&Defects>, kit: &Kit) -> Result<Sut, Failure> {
    let typed = defects.map(Defects::to_string).unwrap_or_default();
    if address == "builtin" {
        return Ok(Sut::Builtin(typed));
    }
    if address.ends_with(".toml") && defects.is_none() {
        let path = PathBuf::from(address);
        let Checked { contract, warnings } = input::contract(&path, kit)?;
        remark_whole(input::render_warnings(&warnings, input::colour_on_stderr()));
        return Ok(Sut::Contract(Box::new(Outside { path, contract })));
    }
    if defects.is_some() {
        let text = format!("--defect bends the builtin gateway only, and the system under test is {address}");
        return Err(Failure::new(Exit::Usage, text));
    }
    address.parse().map(Sut::Mqtt).map_err(|error| {
        Failure::new(Exit::Usage, format!("{error}, or builtin, or a contract's .toml file"))
    })
}
