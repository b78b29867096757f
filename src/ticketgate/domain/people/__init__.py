"""People: who exists, who stands in for whom, and how somebody proved who they are."""
