//! A layout as tables of rows, as it is written down: what is a point, a height, a bearing or a figure is told by the shape of
//! a value and the last word of its key.

use std::collections::BTreeSet;

use geo::{AffineTransform, Coord};
use palisade_layout::model::Scenario;
use serde_json::{Map, Value, json};

pub(super) type Row = Map<String, Value>;

/// The tables of a site, of its kit and of its cast.
pub(super) struct Layout {
    site: Row,
    kit: Row,
    cast: Row,
}

impl Layout {
    pub(super) fn of(scenario: &Scenario) -> Layout {
        let part = |value: Value| value.as_object().expect("a table").clone();
        let file = &scenario.file;
        Layout { site: part(json!(scenario.site)), kit: part(json!(file.kit)), cast: part(json!(file.cast)) }
    }

    pub(super) fn scenario(self, like: &Scenario) -> Scenario {
        let mut scenario = like.clone();
        scenario.site = serde_json::from_value(Value::Object(self.site)).expect("a site");
        scenario.file.kit = serde_json::from_value(Value::Object(self.kit)).expect("a kit");
        scenario.file.cast = serde_json::from_value(Value::Object(self.cast)).expect("a cast");
        scenario
    }

    fn part(&mut self, table: &str) -> &mut Row {
        let parts = [&mut self.site, &mut self.cast];
        parts.into_iter().find(|part| part.contains_key(table)).unwrap_or(&mut self.kit)
    }

    fn table(&self, table: &str) -> &[Value] {
        let list = self.parts().find_map(|part| part.get(table)?.as_array());
        list.map_or(&[], Vec::as_slice)
    }

    fn parts(&self) -> impl Iterator<Item = &Row> {
        [&self.site, &self.kit, &self.cast].into_iter()
    }

    /// Every row with its table's name.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        let tables =
            self.parts().flatten().filter_map(|(name, table)| Some((name.as_str(), table.as_array()?)));
        tables.flat_map(|(name, table)| table.iter().filter_map(move |row| Some((name, row.as_object()?))))
    }

    pub(super) fn fitting(&self, table: &str, fits: impl Fn(&Row) -> bool) -> Vec<usize> {
        let rows = self.table(table).iter().enumerate();
        rows.filter(|(_, row)| row.as_object().is_some_and(&fits)).map(|(i, _)| i).collect()
    }

    pub(super) fn has_two(&self, table: &str) -> bool {
        self.table(table).len() > 1
    }

    pub(super) fn row(&self, (table, row): (&str, usize)) -> &Row {
        self.table(table)[row].as_object().expect("a row")
    }

    pub(super) fn row_mut(&mut self, (table, row): (&str, usize)) -> &mut Row {
        self.part(table)[table][row].as_object_mut().expect("a row")
    }

    pub(super) fn remove(&mut self, table: &str, row: usize) {
        self.part(table)[table].as_array_mut().expect("a table").remove(row);
    }

    pub(super) fn push(&mut self, table: &str, mut row: Row, id: &str) {
        row.insert("id".into(), json!(id));
        self.part(table)[table].as_array_mut().expect("a table").push(Value::Object(row));
    }

    pub(super) fn is_site(&self, table: &str) -> bool {
        self.site.contains_key(table)
    }

    /// Changes all rows of some tables.
    pub(super) fn map(&mut self, of: impl Fn(&Layout, &str) -> bool, change: &AffineTransform<f64>) {
        let tables: BTreeSet<String> = self.rows().map(|(table, _)| table.to_owned()).collect();
        for table in &tables {
            if of(self, table) {
                (0..self.table(table).len())
                    .for_each(|row| transform(self.row_mut((table.as_str(), row)), change));
            }
        }
    }

    /// Changes a row and, with it, the doors that are in it.
    pub(super) fn carry(&mut self, at: (&str, usize), change: &AffineTransform<f64>) {
        let id = self.row(at)["id"].clone();
        transform(self.row_mut(at), change);
        if at.0 == "buildings" {
            let doors = self.fitting("entrances", |door| door["building"] == id);
            doors.into_iter().for_each(|door| transform(self.row_mut(("entrances", door)), change));
        }
    }

    /// Takes out what belongs to something that is gone: doors and facade cameras of houses, posts and barriers of gates, and
    /// whoever stands there.
    pub(super) fn prune(&mut self) {
        for (key, table) in [("building", "buildings"), ("gate", "gates")] {
            let there: Vec<Value> = self.table(table).iter().map(|row| row["id"].clone()).collect();
            for rows in self.site.values_mut().chain(self.kit.values_mut()).filter_map(Value::as_array_mut) {
                rows.retain(|row| row.get(key).is_none_or(|of| there.contains(of)));
            }
        }
        let there: Vec<Value> = self.rows().filter_map(|(_, row)| row.get("id").cloned()).collect();
        for rows in self.cast.values_mut().filter_map(Value::as_array_mut) {
            let stands = |row: &Value| {
                row["duty"].as_object().is_none_or(|duty| duty.values().all(|at| there.contains(at)))
            };
            rows.retain(stands);
        }
    }
}

/// Applies a change to all points of a value: pairs `x` and `y`, and pairs under keys that name a place.
fn each_point(key: &str, value: &mut Value, change: &mut dyn FnMut(Coord<f64>) -> Coord<f64>) {
    let place = matches!(key, "at_m" | "from_m" | "to_m");
    match value {
        Value::Object(pair) if pair.contains_key("x") && pair.contains_key("y") => {
            let number = |key: &str| pair[key].as_f64().expect("a number");
            let to = change(Coord { x: number("x"), y: number("y") });
            (pair["x"], pair["y"]) = (json!(to.x), json!(to.y));
        }
        Value::Array(pair) if place => {
            let number = |i: usize| pair[i].as_f64().expect("a number");
            let to = change(Coord { x: number(0), y: number(1) });
            *pair = vec![json!(to.x), json!(to.y)];
        }
        Value::Object(inner) => inner.iter_mut().for_each(|(key, value)| each_point(key, value, change)),
        Value::Array(list) => list.iter_mut().for_each(|value| each_point(key, value, change)),
        _ => {}
    }
}

/// Changes all of its points, key by key.
pub(super) fn map(row: &mut Row, change: &mut dyn FnMut(Coord<f64>) -> Coord<f64>) {
    row.iter_mut().for_each(|(key, value)| each_point(key, value, change));
}

/// Each of its points once.
pub(super) fn points(row: &Row) -> Vec<Coord<f64>> {
    let mut found: Vec<Coord<f64>> = Vec::new();
    map(&mut row.clone(), &mut |at| {
        if !found.contains(&at) {
            found.push(at);
        }
        at
    });
    found
}

/// The ends of something long.
pub(super) fn ends(row: &Row) -> [Coord<f64>; 2] {
    let corners = points(row);
    [corners[0], corners[1]]
}

/// The mean of its points.
pub(super) fn middle(row: &Row) -> Option<Coord<f64>> {
    let corners = points(row);
    let sum = corners.iter().fold(Coord { x: 0.0, y: 0.0 }, |sum, at| sum + *at);
    (!corners.is_empty()).then(|| sum / corners.len() as f64)
}

pub(super) fn bearing(row: &Row) -> Option<f64> {
    row.get("bearing_deg")?.as_f64()
}

/// Moves its points and turns its bearing.
pub(super) fn transform(row: &mut Row, change: &AffineTransform<f64>) {
    map(row, &mut |at| change.apply(at));
    if let Some(deg) = bearing(row) {
        let (east, north) = libm::sincos(deg.to_radians());
        let [from, to] = [Coord { x: 0.0, y: 0.0 }, Coord { x: east, y: north }].map(|at| change.apply(at));
        row.insert("bearing_deg".into(), json!(bearing_of(to - from)));
    }
}

fn bearing_of(way: Coord<f64>) -> f64 {
    (libm::atan2(way.x, way.y).to_degrees() + 360.0) % 360.0
}

fn is_height(key: &str) -> bool {
    matches!(key, "height_m" | "rays_m" | "lowest_rail_m")
}

pub(super) fn heights(row: &Row) -> bool {
    row.iter().any(|(key, value)| is_height(key) && !value.is_null())
}

/// Raises what has a height; nothing gets below the ground.
pub(super) fn raise(row: &mut Row, by_m: f64) {
    let raised = |value: &Value| json!((value.as_f64().expect("a height") + by_m).max(0.1));
    for (_, value) in row.iter_mut().filter(|(key, value)| is_height(key) && !value.is_null()) {
        *value = match value.as_array() {
            Some(all) => all.iter().map(raised).collect(),
            None => raised(value),
        };
    }
}

/// Moves and raises what looks, and aims it at the point on the ground, or before it, at which it looked.
pub(super) fn carry(row: &mut Row, by: Coord<f64>, up_m: f64) {
    const AHEAD_M: f64 = 12.0;
    let (Some(deg), Some(at)) = (bearing(row), middle(row)) else { return };
    let (east, north) = libm::sincos(deg.to_radians());
    let target = at + Coord { x: east, y: north } * AHEAD_M;
    let number = |row: &Row, key: &str| row.get(key).and_then(Value::as_f64);
    let tilt = |row: &Row| number(row, "tilt_deg").or_else(|| number(row, "elevation_deg").map(|up| -up));
    let (Some(high), Some(down)) = (number(row, "height_m"), tilt(row)) else { return };
    let drop = AHEAD_M * libm::tan(down.to_radians());
    let (high, way) = ((high + up_m).max(0.5), target - at - by);
    let down = libm::atan2(drop + up_m, libm::hypot(way.x, way.y)).to_degrees();
    map(row, &mut |at| at + by);
    row.insert("height_m".into(), json!(high));
    row.insert("bearing_deg".into(), json!(bearing_of(way)));
    match row.contains_key("tilt_deg") {
        true => row.insert("tilt_deg".into(), json!(down)),
        false => row.insert("elevation_deg".into(), json!((-down).clamp(0.0, 90.0))),
    };
}

/// Its figures: numbers, and pairs of whole numbers.
pub(super) fn figures(row: &Row) -> Vec<&str> {
    let is_figure = |value: &Value| {
        value.is_number()
            || value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_u64))
    };
    row.iter().filter(|(_, value)| is_figure(value)).map(|(key, _)| key.as_str()).collect()
}

/// Changes a figure: angles by some degrees as far as they go, all others by a factor.
pub(super) fn change(row: &mut Row, key: &str, factor: f64, deg: f64) {
    let scaled = |value: &Value| match value.as_u64() {
        Some(whole) => json!((libm::round(whole as f64 * factor) as u64).max(1)),
        None => json!(value.as_f64().expect("a number") * factor),
    };
    let value = row.get_mut(key).expect("a figure");
    let number = value.as_f64().unwrap_or_default();
    *value = match (key, value.as_array()) {
        ("bearing_deg", _) => json!((number + deg + 360.0) % 360.0),
        ("hfov_deg", _) => json!((number + deg / 2.0).clamp(3.0, 150.0)),
        ("elevation_deg", _) => json!((number + deg).clamp(0.0, 90.0)),
        (_, None) if key.ends_with("_deg") => json!((number + deg).clamp(-45.0, 89.0)),
        (_, Some(all)) => all.iter().map(scaled).collect(),
        (_, None) => scaled(value),
    };
}

fn minutes(value: &Value) -> Option<u32> {
    let (hours, minutes) = value.as_str()?.split_once(':')?;
    Some(60 * hours.parse::<u32>().ok()? + minutes.parse::<u32>().ok()?)
}

fn names(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(|value| value.is_string() && minutes(value).is_none())
}

fn times(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(|value| minutes(value).is_some())
}

/// Whether it holds a list of names.
pub(super) fn has_names(row: &Row) -> bool {
    row.values().filter_map(Value::as_array).any(|list| names(list))
}

pub(super) fn names_mut(row: &mut Row) -> Option<&mut Vec<Value>> {
    row.values_mut().filter_map(Value::as_array_mut).find(|list| names(list))
}

/// Whether it holds times of day.
pub(super) fn has_times(row: &Row) -> bool {
    row.values().filter_map(Value::as_array).any(|list| times(list))
}

/// Moves one of its times of day by some minutes, and by one more where that is another of them.
pub(super) fn delay(row: &mut Row, which: usize, by_min: i64) {
    let Some(list) = row.values_mut().filter_map(Value::as_array_mut).find(|list| times(list)) else {
        return;
    };
    let which = which % list.len();
    let was = i64::from(minutes(&list[which]).expect("a time"));
    let clock = |at: i64| json!(format!("{:02}:{:02}", at.rem_euclid(1440) / 60, at.rem_euclid(60)));
    let moved = clock(was + by_min);
    list[which] = if list.contains(&moved) { clock(was + by_min + 1) } else { moved };
}
