"""The demo: the main job from start to end on real servers, as a stranger would do it by hand."""
