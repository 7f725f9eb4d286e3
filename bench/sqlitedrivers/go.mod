module salon/bench/sqlitedrivers

go 1.26.8
