//! Tiles: the parts in which a tree is served (C2SP tlog-tiles), and their paths.

use std::fmt;
use std::str::FromStr;

use super::tree_hash::TreeHash;
use super::{BLOCK, HEIGHT};

/// Up to 256 consecutive hashes of a tree: of leaves at level 0, above of full tiles of the level below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// The first `width` hashes of a tile.
    pub(super) const fn new(level: u8, index: u64, width: u16) -> Self {
        Self { level, index, width }
    }

    /// Counted from 0, the leaves.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// The range of hashes of its level that the tile has; at level 0, of lines.
    #[must_use]
    pub const fn range(&self) -> std::ops::Range<u64> {
        let start = self.index * BLOCK;
        start..start + self.width as u64
    }

    /// Whether a tree of this size has the whole of the tile.
    #[must_use]
    pub fn is_due(&self, size: u64) -> bool {
        let shift = u32::from(self.level) * u32::from(HEIGHT);
        self.range().end <= size.checked_shr(shift).unwrap_or(0)
    }
}

/// The path of a tile below `tile/`: what is in it, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TileContent {
    /// `L/N[.p/W]`: hashes, one after the other.
    Hashes(Tile),
    /// `entries/N[.p/W]`: the lines of a tile of level 0, as an [`entry_bundle`].
    Entries(Tile),
}

/// The highest level that has a path.
const HIGHEST: u8 = 63;

impl FromStr for TileContent {
    type Err = NoTile;

    /// Takes the one spelling that each path has.
    fn from_str(path: &str) -> Result<Self, NoTile> {
        let read = || {
            let (level, rest) = path.split_once('/')?;
            let (index, width) = match rest.split_once(".p/") {
                Some((index, width)) => (index, width.parse().ok()?),
                None => (rest, 1 << HEIGHT),
            };
            let groups = index.split('/').map(|group| group.strip_prefix('x').unwrap_or(group));
            let index = groups.collect::<String>().parse().ok()?;
            (index <= u64::MAX >> (HEIGHT + 1)).then_some(())?;
            Some(match level {
                "entries" => Self::Entries(Tile { level: 0, index, width }),
                level => Self::Hashes(Tile { level: level.parse().ok()?, index, width }),
            })
        };
        let content = read().ok_or(NoTile)?;
        let (Self::Hashes(tile) | Self::Entries(tile)) = content;
        let is_one = tile.level <= HIGHEST && (1..=1 << HEIGHT).contains(&tile.width);
        (is_one && content.to_string() == path).then_some(content).ok_or(NoTile)
    }
}

impl fmt::Display for TileContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tile = match self {
            Self::Hashes(tile) => {
                write!(formatter, "{}/", tile.level)?;
                tile
            }
            Self::Entries(tile) => {
                formatter.write_str("entries/")?;
                tile
            }
        };
        let digits = tile.index.to_string();
        let digits = format!("{digits:0>0$}", digits.len().next_multiple_of(3));
        let groups = digits.len() / 3;
        for group in 0..groups {
            let last = group + 1 == groups;
            let (before, after) = if last { ("", "") } else { ("x", "/") };
            write!(formatter, "{before}{}{after}", &digits[group * 3..group * 3 + 3])?;
        }
        if tile.width < 1 << HEIGHT {
            write!(formatter, ".p/{}", tile.width)?;
        }
        Ok(())
    }
}

/// A text is no path of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the path of a tile, such as 0/000 or entries/x001/234.p/56")]
pub struct NoTile;

/// The lines of a tile as they are served: each behind its length, two bytes, the higher one first.
/// Nothing where a line is too long for that.
#[must_use]
pub fn entry_bundle<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut bundle = Vec::new();
    for line in lines {
        let length = u16::try_from(line.len()).ok()?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(line);
    }
    Some(bundle)
}

/// The hashes of a tile as they are served.
#[must_use]
pub fn tile_bytes(hashes: &[TreeHash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}
