//! The smallest scenario that still fails: which rows can go, which seconds need not be driven.
//!
//! Pure. Rows are taken out by delta debugging (Zeller and Hildebrandt, 2002): first all, then halves, quarters and so
//! on, and what the failure does without stays out. Whoever asks runs the scenario that is left, and says whether it
//! still fails.

use toml_edit::{DocumentMut, Item, TableLike, Value};

/// A row of a scenario, a file of faults or a shape: the table's path, and its place there. A value that stands alone is one, too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// `kit.camera`.
    pub table: String,
    /// From 0.
    pub index: usize,
    /// Its `id` or `name`; empty without one.
    pub name: String,
}

/// Lists whose rows can go: devices, people, events.
const ROOMS: [&str; 2] = ["kit", "cast"];
/// Lists of a file of faults whose rows can go.
const FAULTS: [&str; 3] = ["fault", "device", "restart"];
/// Lists and values of a shape that can go.
const SHAPE: [&str; 6] = ["compress", "retain", "level", "storm", "flood", "subscriber"];

/// The rows of a scenario's text that can go.
pub fn rows(document: &DocumentMut) -> Vec<Row> {
    let mut found = Vec::new();
    for room in ROOMS {
        for (key, item) in document.get(room).and_then(Item::as_table).into_iter().flatten() {
            collect(&format!("{room}.{key}"), item, &mut found);
        }
    }
    document.get("script").into_iter().for_each(|item| collect("script", item, &mut found));
    found
}

/// The rows of a text of faults.
pub fn fault_rows(document: &DocumentMut) -> Vec<Row> {
    listed(document, &FAULTS)
}

/// The rows of a text of a shape.
pub fn shape_rows(document: &DocumentMut) -> Vec<Row> {
    listed(document, &SHAPE)
}

fn listed(document: &DocumentMut, keys: &[&str]) -> Vec<Row> {
    let mut found = Vec::new();
    keys.iter().for_each(|key| {
        document.get(key).into_iter().for_each(|item| collect(key, item, &mut found));
    });
    found
}

/// A list is written as tables of its own, or as one array of them.
fn collect(table: &str, item: &Item, found: &mut Vec<Row>) {
    if item.is_value() && !item.is_array() {
        found.push(Row { table: table.to_owned(), index: 0, name: String::new() });
    }
    let tables = item.as_array_of_tables().into_iter().flatten().map(|row| row as &dyn TableLike);
    let inline = item.as_array().into_iter().flatten().filter_map(Value::as_inline_table);
    found.extend(tables.chain(inline.map(|row| row as &dyn TableLike)).enumerate().map(|(index, row)| {
        let name = ["id", "name"].into_iter().find_map(|key| row.get(key)?.as_str());
        Row { table: table.to_owned(), index, name: name.unwrap_or_default().to_owned() }
    }));
}

/// The document without rows.
pub fn without(document: &DocumentMut, gone: &[Row]) -> DocumentMut {
    let mut left = document.clone();
    let mut gone: Vec<&Row> = gone.iter().collect();
    // From behind, so that the places of the others hold.
    gone.sort_by(|a, b| b.cmp(a));
    for row in gone {
        let mut item: Option<&mut Item> = Some(left.as_item_mut());
        for key in row.table.split('.') {
            item = item.and_then(|item| item.get_mut(key));
        }
        match item {
            Some(Item::ArrayOfTables(list)) => drop(list.remove(row.index)),
            Some(Item::Value(Value::Array(list))) => drop(list.remove(row.index)),
            Some(item @ Item::Value(_)) => *item = Item::None,
            _ => {}
        }
    }
    left
}

/// The document that drives these windows: each one's first instant and its length, as texts.
pub fn driving(document: &DocumentMut, windows: &[(String, String)]) -> DocumentMut {
    let mut left = document.clone();
    let one = |(from, lasting): &(String, String)| {
        let mut window = toml_edit::InlineTable::new();
        window.insert("from", from.into());
        window.insert("lasting", lasting.into());
        Value::from(window)
    };
    let windows: toml_edit::Array = windows.iter().map(one).collect();
    let drive = left.entry("drive").or_insert(toml_edit::table());
    drive["windows"] = toml_edit::value(windows);
    left
}

/// Takes out as many items as `fails` lets: it says whether what is left still fails, or nothing when there is no time
/// left to ask. What remains cannot be made smaller by one item, if there was time enough.
pub fn least<T: Clone>(items: &[T], fails: &mut dyn FnMut(&[T]) -> Option<bool>) -> Vec<T> {
    let mut kept = items.to_vec();
    match fails(&[]) {
        Some(true) => return Vec::new(),
        Some(false) => {}
        None => return kept,
    }
    let mut parts = 2;
    while kept.len() >= 2 {
        let size = kept.len().div_ceil(parts);
        let mut smaller = None;
        for start in (0..kept.len()).step_by(size) {
            let end = (start + size).min(kept.len());
            let left: Vec<T> = [&kept[..start], &kept[end..]].concat();
            match fails(&left) {
                Some(true) => {
                    smaller = Some(left);
                    break;
                }
                Some(false) => {}
                None => return kept,
            }
        }
        match smaller {
            Some(left) => {
                kept = left;
                parts = (parts - 1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(kept.len()),
        }
    }
    kept
}

/// Which of so many cases, each smaller than the one before, stands when it is tried again, and what came of that. The smallest
/// is asked first, then larger ones, ever farther back; the largest is the answer when none stands.
pub fn settle<A>(cases: usize, asked: &mut dyn FnMut(usize) -> (bool, A)) -> (usize, A) {
    let last = cases.saturating_sub(1);
    let mut back = 0;
    loop {
        let (stands, what) = asked(last - back);
        if stands || back == last {
            return (last - back, what);
        }
        back = (2 * back + 1).min(last);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn check(all: std::ops::Range<u32>, needed: &[u32], most: usize) {
        let items: Vec<u32> = all.collect();
        let mut asked = 0;
        let left = least(&items, &mut |left| {
            asked += 1;
            Some(needed.iter().all(|n| left.contains(n)))
        });
        assert_eq!(left, needed);
        assert!(asked <= most, "{asked} questions for {needed:?}");
    }

    #[test]
    fn what_is_needed_stays_and_all_else_goes() {
        check(0..100, &[], 1);
        check(0..100, &[17], 30);
        check(0..100, &[3, 98], 60);
        check(0..40, &[0, 13, 14, 39], 90);
        check(0..1, &[0], 2);
    }

    #[test]
    fn when_time_is_up_the_best_so_far_is_kept() {
        let items: Vec<u32> = (0..64).collect();
        let mut left_to_ask = 4;
        let left = least(&items, &mut |left| {
            left_to_ask -= 1;
            (left_to_ask >= 0).then(|| left.contains(&5))
        });
        assert!(left.contains(&5) && left.len() < 64, "{left:?}");
    }

    #[test]
    fn what_does_not_stand_again_gives_way_to_a_larger_one() {
        let check = |cases: usize, stands: &[usize], asked: &[usize]| {
            let mut order = Vec::new();
            let (place, ()) = settle(cases, &mut |place| {
                order.push(place);
                (stands.contains(&place), ())
            });
            assert_eq!((Some(&place), &order[..]), (asked.last(), asked), "{stands:?} of {cases}");
        };
        check(1, &[], &[0]);
        check(9, &[8, 0], &[8]);
        check(9, &[6, 5], &[8, 7, 5]);
        check(9, &[], &[8, 7, 5, 1, 0]);
    }

    #[test]
    fn rows_are_found_and_taken_out() {
        let text = "name = \"x\"\n[[kit.camera]]\nid = \"a\"\n[[kit.camera]]\nid = \"b\"\n[[cast.guard]]\nname = \"g\"\n[[script]]\nat = \"1:00\"\n";
        let document: DocumentMut = text.parse().unwrap();
        let all = rows(&document);
        let names: Vec<(&str, &str)> = all.iter().map(|r| (r.table.as_str(), r.name.as_str())).collect();
        assert_eq!(names, [("kit.camera", "a"), ("kit.camera", "b"), ("cast.guard", "g"), ("script", "")]);
        let left = without(&document, &[all[0].clone(), all[2].clone()]);
        let names: Vec<String> = rows(&left).into_iter().map(|r| r.name).collect();
        assert_eq!(names, ["b", ""]);
        assert_eq!(rows(&without(&document, &all)), []);
    }

    #[test]
    fn rows_of_an_array_are_found_and_taken_out() {
        let text =
            "[kit]\nbeam = [{ id = \"a\" }, { id = \"b\" }]\ngate_post = []\n[[kit.camera]]\nid = \"c\"\n";
        let document: DocumentMut = text.parse().unwrap();
        let all = rows(&document);
        assert_eq!(all.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        let left = without(&document, &all[..1]);
        assert_eq!(rows(&left).into_iter().map(|r| r.name).collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn rows_of_faults_are_found_and_taken_out() {
        let text = "faults = 1\nname = \"x\"\n[[fault]]\nway = \"up\"\n[[restart]]\nat = \"1s\"\n[[fault]]\nway = \"down\"\n";
        let document: DocumentMut = text.parse().unwrap();
        let all = fault_rows(&document);
        assert_eq!(
            all.iter().map(|r| (r.table.as_str(), r.index)).collect::<Vec<_>>(),
            [("fault", 0), ("fault", 1), ("restart", 0)]
        );
        let left = without(&document, &[all[0].clone(), all[2].clone()]).to_string();
        assert!(left.contains("down") && !left.contains("up") && !left.contains("restart"), "{left}");
    }

    #[test]
    fn rows_of_a_shape_are_found_and_taken_out() {
        let text = "shape = 1\nname = \"x\"\nretain = true\nlevel = [{ lasts = \"1s\", from = 1.0 }, { lasts = \"2s\", from = 0.5 }]\n\
                    [[flood]]\nclass = \"beam\"\n[[storm]]\nat = \"1s\"\n";
        let document: DocumentMut = text.parse().unwrap();
        let all = shape_rows(&document);
        assert_eq!(
            all.iter().map(|r| (r.table.as_str(), r.index)).collect::<Vec<_>>(),
            [("retain", 0), ("level", 0), ("level", 1), ("storm", 0), ("flood", 0)]
        );
        let left = without(&document, &[all[0].clone(), all[1].clone(), all[4].clone()]);
        assert_eq!(left.to_string().parse::<DocumentMut>().unwrap().to_string(), left.to_string());
        assert_eq!(
            shape_rows(&left).iter().map(|r| r.table.as_str()).collect::<Vec<_>>(),
            ["level", "storm"]
        );
        assert!(left.to_string().contains("2s") && !left.to_string().contains("retain"), "{left}");
    }

    #[test]
    fn windows_take_the_place_of_all_others() {
        let document: DocumentMut = "[drive]\ntotal = \"60s\"\nwindows = []\n".parse().unwrap();
        let windows = [("02:14:03".to_owned(), "3s".to_owned()), ("03:00".to_owned(), "1s".to_owned())];
        let text = driving(&document, &windows).to_string();
        let expected =
            r#"windows = [{ from = "02:14:03", lasting = "3s" }, { from = "03:00", lasting = "1s" }]"#;
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("total = \"60s\""));
        assert!(driving(&"a = 1\n".parse().unwrap(), &windows).to_string().contains("[drive]"));
    }
}
