//! The plan as layers of features: what map programs and drawing programs are given alike.

mod drawing;
mod package;
mod raster;
mod shapes;

pub use drawing::drawing;
pub use package::package;
pub use raster::rasters;

/// Where a feature is, local metres.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A place.
    Point([f64; 2]),
    /// A line.
    Line(Vec<[f64; 2]>),
    /// An area: its outline, then its holes, not closed.
    Area(Vec<Vec<[f64; 2]>>),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Real,
    Whole,
    Flag,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Real(f64),
    Whole(i64),
    Nothing,
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Value {
        text.map_or(Value::Nothing, Value::from)
    }
}

impl From<Option<f64>> for Value {
    fn from(x: Option<f64>) -> Value {
        x.map_or(Value::Nothing, Value::Real)
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Value {
        Value::Real(x)
    }
}

/// What a layer's features are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Geometry {
    Point,
    Line,
    Area,
}

/// Features of one kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    /// Its name in files: lower case, no blanks.
    pub(crate) name: &'static str,
    /// What it is, for people.
    pub(crate) about: &'static str,
    pub(crate) geometry: Geometry,
    pub(crate) columns: Vec<(&'static str, Kind)>,
    pub(crate) rows: Vec<(Shape, Vec<Value>)>,
}
