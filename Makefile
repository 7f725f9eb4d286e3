# What one types; the work is in scripts/.

.PHONY: run test faults bench lint generate fuzz check

run: ## open the rooms
	go run ./cmd/salon

test: ## all tests, race detector on; installs what they need on Debian
	scripts/test

faults: ## the fault suite for TIME=60s; SEED=n replays a plan
	scripts/faults

lint: ## format, vet, staticcheck, types of the browser client
	scripts/lint

generate: ## what is made from other files
	go generate ./...

bench: ## the benchmarks against their floors; ROW=name for one row
	scripts/bench $(ROW)

fuzz: ## every fuzz target for FUZZTIME (default 30s) each
	scripts/fuzz

check: lint test ## what CI runs
