//! Things that fall from facades, and litter.
