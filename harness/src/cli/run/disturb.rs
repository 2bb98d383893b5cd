//! What disturbs a run on purpose.

use std::path::Path;

use super::super::say::remark;
use super::super::{Exit, Failure};
use crate::contract::Kit;
use crate::drivers::between;
use crate::fault::{DeviceFault, Faults, Restart};
use crate::input;
use crate::run::Sut;
use crate::run::processes::runnable;

/// The faults, printed before anything is done.
pub(in crate::cli) fn faults(file: &Path, seed: u64, sut: &Sut, kit: &Kit) -> Result<between::Plan, Failure> {
    let faults = input::faults(file)?;
    check(&faults, sut, kit)?;
    remark(format_args!("faults: {}, drawn by seed {seed}, from the first message on", faults.name));
    for (i, fault) in faults.fault.iter().enumerate() {
        remark(format_args!("fault {}: {fault}", i + 1));
    }
    for device in &faults.device {
        remark(format_args!("device fault: {device}"));
    }
    for restart in &faults.restart {
        remark(format_args!("restart: {restart}"));
    }
    Ok(between::Plan { faults, file: file.display().to_string(), seed })
}

/// Whether the scenario has the devices that are named, and the gateway the programs.
pub(in crate::cli) fn check(faults: &Faults, sut: &Sut, kit: &Kit) -> Result<(), Failure> {
    faults.device.iter().try_for_each(|fault| befalls_somebody(fault, kit))?;
    faults.restart.iter().try_for_each(|restart| can_restart(restart, sut))
}

/// Whether every name in a device's fault is a device's.
fn befalls_somebody(fault: &DeviceFault, kit: &Kit) -> Result<(), Failure> {
    let strangers = fault.strangers(&kit.devices);
    if strangers.is_empty() {
        return Ok(());
    }
    let some: Vec<&str> = kit.devices.iter().take(6).map(|(name, _)| name.as_str()).collect();
    let text = format!(
        "--fault: `{fault}` names {}, which the scenario lacks; there are {} and others",
        strangers.join(", "),
        some.join(", ")
    );
    Err(Failure::new(Exit::Usage, text))
}

/// Whether what a restart ends is something that is started here.
fn can_restart(restart: &Restart, sut: &Sut) -> Result<(), Failure> {
    if let Some(program) = restart.command.first() {
        let missing = || {
            let text = format!(
                "--fault: `{program}`, the command of {restart}, is no program that can be run\n  remedy: name one that is on \
                 the PATH, or write its path"
            );
            Failure::new(Exit::Input, text)
        };
        return runnable(program).map(drop).ok_or_else(missing);
    }
    let programs = match sut {
        Sut::Builtin(_) => Vec::new(),
        Sut::Contract(outside) => outside.contract.process.iter().map(|p| p.id.clone()).collect(),
        Sut::Mqtt(address) => {
            let text = format!(
                "--fault: {restart}, and {address} is a gateway that somebody else runs; give the `[[restart]]` a `command`"
            );
            return Err(Failure::new(Exit::Usage, text));
        }
    };
    let known = restart.process.as_ref().is_none_or(|id| programs.contains(id));
    if known && (restart.process.is_some() || matches!(sut, Sut::Builtin(_)) || !programs.is_empty()) {
        return Ok(());
    }
    let there = match programs.as_slice() {
        [] => "it has none; leave `process` out, or give a `command`".to_owned(),
        some => format!("there are {}", some.join(", ")),
    };
    let text = format!("--fault: {restart}, and the system under test has no such program; {there}");
    Err(Failure::new(Exit::Usage, text))
}
