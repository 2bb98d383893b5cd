//! Active infrared beams: when a body breaks a zone, solved on its way and not on the grid of ticks.
