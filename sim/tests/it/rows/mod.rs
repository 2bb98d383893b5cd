//! One cause is changed at a time: which records of the tape change with it, and which do not?

mod changes;
mod yard;

mod beams;
mod cameras;
mod facade;
mod fire;
mod guards;
mod intruder;
mod people;
mod posts;
