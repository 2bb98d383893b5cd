//! Problems: what is wrong in an input, where, and what to do about it. All of them at once, never only the first.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, NamedSource, Severity, SourceCode, SourceSpan,
    SpanContents,
};

/// A file's text and the name under which problems speak of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceText {
    /// The name, usually the path as typed.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A source that many problems point into.
pub type Source = Arc<NamedSource<String>>;

impl SourceText {
    /// The text as problems point into it.
    pub fn source(&self) -> Source {
        Arc::new(NamedSource::new(&self.name, self.text.clone()))
    }
}

/// Lines of more bytes than this are not shown whole: so many bytes of them are shown on both sides of the place.
const LONG: usize = 1_200;
const ABOUT: usize = 60;
/// A place of more bytes is pointed at by its beginning.
const WIDE: usize = 200;

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    severity: Severity,
    code: &'static str,
    message: String,
    help: String,
    span: Range<usize>,
    label: String,
    source: Source,
}

impl Problem {
    /// A problem at a stretch of bytes: what is wrong, and what to do about it.
    pub fn new(
        source: &Source,
        span: Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Problem {
        let span = on_one_line(source.inner(), span);
        let (message, help, label) = (short(message.into()), short(help.into()), "here".to_owned());
        Problem { severity: Severity::Error, code, message, help, span, label, source: source.clone() }
    }

    /// The same as a warning: it is odd, and stops nobody.
    pub fn warning(self) -> Problem {
        Problem { severity: Severity::Warning, ..self }
    }

    /// `error` or `warning`.
    pub fn severity_word(&self) -> &'static str {
        if self.severity == Severity::Warning { "warning" } else { "error" }
    }

    /// A stable name, such as `kit::beam-off-wall`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong, in a sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// The file that it is in.
    pub fn file(&self) -> &str {
        self.source.name()
    }

    /// The bytes that it points at.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Line and column of the first of those bytes, both from 1; columns count characters.
    pub fn line_column(&self) -> (usize, usize) {
        let (line, column) = line_column(self.source.inner(), self.span.start);
        (line + 1, column + 1)
    }
}

/// What quotes a file may quote megabytes.
fn short(mut text: String) -> String {
    if text.len() > LONG {
        text.truncate(text.floor_char_boundary(LONG));
        text.push('…');
    }
    text
}

/// A span that runs over many lines is cut at the end of its first, and a long one soon, so that the caret stands at one
/// place.
fn on_one_line(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end.max(start));
    let end = match text[start..end].find(['\n', '\r']) {
        Some(0) | None => end,
        Some(length) => start + length,
    };
    start..if end - start > WIDE { text.ceil_char_boundary(start + ABOUT) } else { end }
}

/// So much of a stretch's line as is shown where lines are long.
fn about(text: &str, stretch: Range<usize>) -> Range<usize> {
    let line_start = text[..stretch.start].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[stretch.end..].find('\n').map_or(text.len(), |i| stretch.end + i);
    let from = stretch.start.saturating_sub(ABOUT).max(line_start);
    let to = (stretch.end + ABOUT).min(line_end);
    text.ceil_char_boundary(from)..text.floor_char_boundary(to)
}

/// Line and column of a byte, both from 0.
fn line_column(text: &str, at: usize) -> (usize, usize) {
    let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    (text[..at].matches('\n').count(), text[line_start..at].chars().count())
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new(Some(self.label.clone()), self.span.start, self.span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

/// A map may be one line of megabytes: of long lines only what is about the place is shown.
impl SourceCode for Problem {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = self.source.read_span(span, before, after)?;
        let text = self.source.inner();
        let shown = if whole.data().len() > LONG {
            about(text, span.offset()..span.offset() + span.len())
        } else {
            whole.span().offset()..whole.span().offset() + whole.span().len()
        };
        let (line, column) = line_column(text, shown.start);
        let (name, data) = (self.source.name().to_owned(), &text.as_bytes()[shown.clone()]);
        let span = (shown.start, shown.len()).into();
        Ok(Box::new(MietteSpanContents::new_named(name, data, span, line, column, whole.line_count())))
    }
}

/// Everything that is wrong in a scenario and its geometry, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a problem.
    pub fn add(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds those of another file behind.
    pub fn append(&mut self, others: Problems) {
        self.0.extend(others.0);
    }

    /// Sorts by file (the first named first) and place.
    pub fn sorted(mut self, first_file: &str) -> Problems {
        self.0.sort_by_key(|p| (p.file() != first_file, p.span.start, p.span.end));
        self
    }

    /// True when nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "1 problem in {}", one.file()),
            all => write!(f, "{} problems", all.len()),
        }
    }
}

impl std::error::Error for Problems {}

impl Diagnostic for Problems {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.0.iter().map(|p| p as &dyn Diagnostic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of a place: the text, the line and the column of its first character, both from 0.
    fn shown(text: &str, span: Range<usize>) -> (String, usize, usize) {
        let source = SourceText { name: "map.geojson".into(), text: text.into() }.source();
        let problem = Problem::new(&source, span, "a::b", "it is wrong", "mend it");
        let label = problem.labels().and_then(|mut labels| labels.next()).expect("a label");
        let code = problem.source_code().expect("a source");
        let about = code.read_span(label.inner(), 1, 1).expect("in bounds");
        let at = code.read_span(label.inner(), 0, 0).expect("in bounds");
        assert!(about.span().offset() <= label.offset());
        assert!(label.offset() + label.len() <= about.span().offset() + about.span().len());
        (String::from_utf8_lossy(about.data()).into_owned(), at.line(), at.column())
    }

    #[test]
    fn of_a_long_line_only_what_is_about_the_place_is_shown() {
        let long = format!("first\n{}楼HERE{}\nlast", "a".repeat(5_000), "b".repeat(5_000));
        let at = long.find("HERE").expect("it");
        let (text, line, column) = shown(&long, at..at + 4);
        assert!(text.contains("a楼HEREb") && text.len() < 200, "{text}");
        assert_eq!((line, column), (1, 5_001));
        // A place as long as the line, and the line's ends.
        assert!(shown(&long, 6..long.len()).0.len() < 250);
        assert!(shown(&long, at + 5_003..at + 5_004).0.ends_with('b'));
        let source = SourceText::default().source();
        let said = Problem::new(&source, 0..0, "a::b", "院".repeat(5_000), "mend it");
        assert!(said.message().len() < 1_300 && said.message().ends_with('…'), "{}", said.message());
        // One byte of a letter of three.
        assert!(shown(&long, at - 3..at - 2).0.contains("a楼HERE"));
        assert!(shown(&long, long.len()..long.len() + 1).0.ends_with("last"));
        let short = "one\ntwo\nthree";
        assert_eq!(shown(short, 4..7), (short.to_owned(), 1, 0));
    }
}
