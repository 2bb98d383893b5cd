//! The day, the people and the script.

use super::Desk;
use crate::model::cast::{Duty, Event};
use crate::model::site::Site;
use crate::words::{Id, Ms};

/// The day.
pub(super) fn day(desk: &mut Desk<'_>) {
    let day = &desk.file.day;
    if day.date.len() != 10 || day.date.parse::<jiff::civil::Date>().is_err() {
        let message = format!("`{}` is no date", day.date);
        desk.at("day.date", "day::bad-date", message, "write year, month and day, such as \"2026-04-14\"");
    }
    desk.positive("day.lasting", day.lasting.as_seconds());
    if day.sunrise >= day.sunset {
        let message = format!("the sun sets at {} and rises at {}", day.sunset, day.sunrise);
        desk.at("day.sunset", "day::sun", message, "`sunset` comes after `sunrise`");
    }
    desk.not_negative("day.wind_m_s", day.wind_m_s);
    desk.not_negative("day.rain_mm_h", day.rain_mm_h);
    desk.positive("day.visibility_m", day.visibility_m);
    desk.within("day.temperature_c", day.temperature_c, [-60.0, 60.0]);
    let origin = desk.file.site.origin;
    desk.within("site.origin.lon_deg", origin.lon_deg, [-180.0, 180.0]);
    desk.within("site.origin.lat_deg", origin.lat_deg, [-85.0, 85.0]);
}

/// The people.
pub(super) fn cast(desk: &mut Desk<'_>) {
    let file = desk.file;
    let (cast, kit) = (&file.cast, &file.kit);
    desk.share("cast.occupancy", cast.occupancy);
    desk.share("cast.tailgating", cast.tailgating);
    desk.share("cast.illegal_charging", cast.illegal_charging);
    for (key, value) in [
        ("residents_per_flat", cast.residents_per_flat),
        ("cars_per_flat", cast.cars_per_flat),
        ("ebikes_per_flat", cast.ebikes_per_flat),
        ("visitors_per_flat", cast.visitors_per_flat),
        ("deliveries_per_flat", cast.deliveries_per_flat),
        ("visiting_cars_per_flat", cast.visiting_cars_per_flat),
        ("intrusions_per_day", cast.intrusions_per_day),
        ("thrown_per_day", cast.thrown_per_day),
        ("litter_per_day", cast.litter_per_day),
        ("fires_per_million_month", cast.fires_per_million_month),
        ("beam_nuisance_per_day", cast.beam_nuisance_per_day),
    ] {
        desk.not_negative(&format!("cast.{key}"), value);
    }
    for (i, guard) in cast.guard.iter().enumerate() {
        if guard.shift[0] == guard.shift[1] {
            let message = format!("the shift of `{}` begins and ends at {}", guard.id, guard.shift[0]);
            desk.at(
                &format!("cast.guard[{i}].shift"),
                "cast::empty-shift",
                message,
                "two guards share a whole day, such as `[\"08:00\", \"20:00\"]`",
            );
        }
        let (key, what, id, valid) = match &guard.duty {
            Duty::GatePost(id) => ("gate_post", "gate post", id, ids(&kit.gate_post, |x| &x.id)),
            Duty::Barrier(id) => ("barrier", "barrier", id, ids(&kit.barrier, |x| &x.id)),
            Duty::OuterPost(id) => ("outer_post", "outer post", id, ids(&kit.outer_post, |x| &x.id)),
            Duty::Tour(id) => ("tour", "tour", id, ids(&kit.guard_tour, |x| &x.id)),
            Duty::DutyRoom(id) => ("duty_room", "duty room", id, ids(&kit.duty_room, |x| &x.id)),
            Duty::GridCell(id) => ("grid_cell", "grid cell", id, ids(&kit.grid_cell, |x| &x.id)),
            Duty::Responder => continue,
        };
        desk.join(&format!("cast.guard[{i}].duty.{key}"), what, id, &valid);
    }
}

fn ids<T>(list: &[T], id: impl Fn(&T) -> &Id) -> Vec<&str> {
    list.iter().map(|x| id(x).as_str()).collect()
}

/// The script.
pub(super) fn script(desk: &mut Desk<'_>) {
    let file = desk.file;
    let (kit, lasting) = (&file.kit, file.day.lasting.0);
    let buildings: fn(&Site) -> Vec<&str> = |s| s.buildings.iter().map(|b| b.id.as_str()).collect();
    for (i, entry) in file.script.iter().enumerate() {
        let key = |k: &str| format!("script[{i}].event.{k}");
        if lasting > Ms(0) && entry.at.0 >= lasting {
            let message =
                format!("this happens at {}, when the day of {} is over", entry.at, file.day.lasting);
            desk.at(
                &format!("script[{i}].at"),
                "script::after-the-day",
                message,
                "write an earlier time, or a longer `day.lasting`",
            );
        }
        match &entry.event {
            Event::Intrusion { target, .. } => {
                if let Some(target) = target {
                    desk.join_site(&key("intrusion.target"), "building", target, buildings);
                }
            }
            Event::Fire { charger, socket } => {
                desk.join(&key("fire.charger"), "charger", charger, &ids(&kit.charger, |c| &c.id));
                let sockets = kit.charger.iter().find(|c| c.id == *charger).map_or(u8::MAX, |c| c.sockets);
                if *socket >= sockets {
                    let message =
                        format!("`{charger}` has {sockets} sockets, so there is no socket {socket}");
                    desk.at(&key("fire.socket"), "script::no-socket", message, "sockets count from 0");
                }
            }
            Event::ThrownObject { building, storey, mass_kg } => {
                desk.join_site(&key("thrown_object.building"), "building", building, buildings);
                desk.positive(&key("thrown_object.mass_kg"), *mass_kg);
                let storeys =
                    desk.geometry.and_then(|g| g.site.building_by_id(building.as_str())).map(|b| b.storeys);
                if let Some(storeys) = storeys.filter(|n| !(1..=*n).contains(storey)) {
                    let message = format!(
                        "building `{building}` has {storeys} storeys, so nothing falls from storey {storey}"
                    );
                    desk.at(
                        &key("thrown_object.storey"),
                        "script::no-storey",
                        message,
                        "storeys count from 1",
                    );
                }
            }
            Event::FireDrill { .. } => {}
            Event::Panic { gate_post } => {
                desk.join(&key("panic.gate_post"), "gate post", gate_post, &ids(&kit.gate_post, |p| &p.id));
            }
            Event::GuardAbsent { guard, lasting } => {
                desk.join(&key("guard_absent.guard"), "guard", guard, &ids(&file.cast.guard, |g| &g.id));
                desk.positive(&key("guard_absent.lasting"), lasting.as_seconds());
            }
        }
    }
}
