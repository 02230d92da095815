"""Hands a production's cut to other editors and players: timelines, captions, stems, stills. See `cutroom.exports.export`."""
