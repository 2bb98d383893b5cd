//! Reads OpenStreetMap XML as it is: nothing merged, nothing repaired, ids of 64 bits.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The tags of an element.
pub type Tags = BTreeMap<String, String>;

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Longitude, degrees.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// Its tags.
    pub tags: Tags,
}

/// A way: node ids in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Way {
    /// Its nodes.
    pub nodes: Vec<i64>,
    /// Its tags.
    pub tags: Tags,
}

impl Way {
    /// True when the way ends where it began and encloses something.
    pub fn closed(&self) -> bool {
        self.nodes.len() >= 4 && self.nodes.first() == self.nodes.last()
    }
}

/// A member of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// `node`, `way` or `relation`.
    pub kind: String,
    /// What it refers to.
    pub id: i64,
    /// Its role; an empty one is taken for `outer`.
    pub role: String,
}

/// A relation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relation {
    /// Its members in order.
    pub members: Vec<Member>,
    /// Its tags.
    pub tags: Tags,
}

/// The box that was downloaded, degrees: west, south, east, north.
pub type Bounds = [f64; 4];

/// A map.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// The downloaded box; nodes of long ways lie outside it.
    pub bounds: Option<Bounds>,
    /// Nodes by id.
    pub nodes: BTreeMap<i64, Node>,
    /// Ways by id.
    pub ways: BTreeMap<i64, Way>,
    /// Relations by id.
    pub relations: BTreeMap<i64, Relation>,
}

/// Why a map cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OsmError {
    /// The XML is broken.
    #[error("byte {at}: {source}")]
    Xml {
        /// Where, bytes from the start.
        at: u64,
        /// What the parser says.
        source: quick_xml::Error,
    },
    /// An attribute is missing or is not what it should be.
    #[error("byte {at}: `{element}` has no sound `{attribute}`")]
    Attribute {
        /// Where, bytes from the start.
        at: u64,
        /// The element.
        element: String,
        /// The attribute.
        attribute: &'static str,
    },
    /// It is some other XML.
    #[error("there is no `<osm>` element: this is not an OpenStreetMap XML file")]
    NotOsm,
}

enum Open {
    Nothing,
    Node(i64),
    Way(i64),
    Relation(i64),
}

/// Reads a map.
pub fn read(text: &str) -> Result<Map, OsmError> {
    let mut reader = Reader::from_str(text);
    let (mut map, mut open, mut osm) = (Map::default(), Open::Nothing, false);
    loop {
        let at = reader.buffer_position();
        match reader.read_event() {
            Ok(Event::Start(e)) => {
                osm |= e.name().0 == "osm";
                open = element(&mut map, open, &e, at, true)?;
            }
            Ok(Event::Empty(e)) => open = element(&mut map, open, &e, at, false)?,
            Ok(Event::End(e)) if matches!(e.name().0, "node" | "way" | "relation") => open = Open::Nothing,
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(source) => return Err(OsmError::Xml { at, source }),
        }
    }
    if osm { Ok(map) } else { Err(OsmError::NotOsm) }
}

fn element(map: &mut Map, open: Open, e: &BytesStart<'_>, at: u64, holds: bool) -> Result<Open, OsmError> {
    let get = |name: &'static str| attribute(e, name, at);
    match e.name().0 {
        "bounds" => {
            map.bounds = Some([
                parsed(e, "minlon", at)?,
                parsed(e, "minlat", at)?,
                parsed(e, "maxlon", at)?,
                parsed(e, "maxlat", at)?,
            ]);
            Ok(open)
        }
        "node" => {
            let id = parsed(e, "id", at)?;
            let node = Node { lon: parsed(e, "lon", at)?, lat: parsed(e, "lat", at)?, tags: Tags::new() };
            map.nodes.insert(id, node);
            Ok(if holds { Open::Node(id) } else { Open::Nothing })
        }
        "way" => {
            let id = parsed(e, "id", at)?;
            map.ways.insert(id, Way::default());
            Ok(if holds { Open::Way(id) } else { Open::Nothing })
        }
        "relation" => {
            let id = parsed(e, "id", at)?;
            map.relations.insert(id, Relation::default());
            Ok(if holds { Open::Relation(id) } else { Open::Nothing })
        }
        "nd" => {
            if let Open::Way(id) = open {
                let node = parsed(e, "ref", at)?;
                map.ways.entry(id).or_default().nodes.push(node);
            }
            Ok(open)
        }
        "member" => {
            if let Open::Relation(id) = open {
                let member = Member { kind: get("type")?, id: parsed(e, "ref", at)?, role: get("role")? };
                map.relations.entry(id).or_default().members.push(member);
            }
            Ok(open)
        }
        "tag" => {
            let tags = match open {
                Open::Node(id) => map.nodes.get_mut(&id).map(|n| &mut n.tags),
                Open::Way(id) => map.ways.get_mut(&id).map(|w| &mut w.tags),
                Open::Relation(id) => map.relations.get_mut(&id).map(|r| &mut r.tags),
                Open::Nothing => None,
            };
            if let Some(tags) = tags {
                tags.insert(get("k")?, get("v")?);
            }
            Ok(open)
        }
        _ => Ok(open),
    }
}

fn attribute(e: &BytesStart<'_>, name: &'static str, at: u64) -> Result<String, OsmError> {
    let missing = || OsmError::Attribute { at, element: e.name().0.to_owned(), attribute: name };
    let found = e.attributes().flatten().find(|a| a.key.0 == name).ok_or_else(missing)?;
    found.normalized_value(XmlVersion::Implicit1_0).map(|v| v.into_owned()).map_err(|_| missing())
}

fn parsed<T: std::str::FromStr>(e: &BytesStart<'_>, name: &'static str, at: u64) -> Result<T, OsmError> {
    let wrong = |_| OsmError::Attribute { at, element: e.name().0.to_owned(), attribute: name };
    attribute(e, name, at)?.parse().map_err(wrong)
}
