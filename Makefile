# The commands of the project; the work is in scripts/. Variables given to make, as in ROW=idle, reach the scripts.

.PHONY: run test faults bench lint fuzz check

run: ## start the server
	go run ./cmd/salon

test: ## all tests, race detector on; installs what they need on Debian
	scripts/test

faults: ## the fault suite for TIME=60s; SEED=n replays a plan
	scripts/faults

lint: ## format, vet, staticcheck, types of the browser client
	scripts/lint

bench: ## the benchmarks; ROW=name,… for some rows, AGAINST=COMMIT to compare with a build of it, ROUNDS=n
	scripts/bench

fuzz: ## every fuzz target for FUZZTIME (default 30s) each
	scripts/fuzz

check: lint test ## what CI runs
