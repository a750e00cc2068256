import Testing

@testable import VexFS

@Suite struct IndexPolicyTests {
    /// A collection as the policy sees it, whose jobs are done at once.
    private struct Model {
        var settings = IndexSettings()
        var policy = IndexPolicy()
        var parts: [IndexPolicy.Part] = []
        var end: Row = 0
        /// Rows built, all jobs together: what merging costs.
        var built = 0
        var dead = RowBitmap()

        var recipe: SegmentRecipe? { settings.recipe(dimension: 384) }

        func live(_ range: Range<Row>) -> Int {
            range.count - dead.count(in: Int(range.lowerBound)..<Int(range.upperBound))
        }

        var gaps: [Range<Row>] {
            var gaps: [Range<Row>] = []
            var start: Row = 0
            for part in parts {
                if part.range.lowerBound > start { gaps.append(start..<part.range.lowerBound) }
                start = part.range.upperBound
            }
            return start < end ? gaps + [start..<end] : gaps
        }

        mutating func look() {
            for index in parts.indices { parts[index].live = live(parts[index].range) }
        }

        mutating func perform(_ job: IndexJob) {
            #expect(job.range.lowerBound % SegmentList.alignment == 0)
            #expect(job.range.upperBound % SegmentList.alignment == 0)
            built += live(job.range)
            let before = parts.count
            let replaced = parts.filter { $0.range.overlaps(job.range) }
            #expect(replaced.allSatisfy { job.range.clamped(to: $0.range) == $0.range })
            parts.removeAll { $0.range.overlaps(job.range) }
            let rows = live(job.range)
            #expect(rows <= policy.segmentLimit || before == parts.count)
            parts.append(.init(range: job.range, recipe: rows == 0 ? "" : job.recipe.text, rows: rows, live: rows))
            parts.sort { $0.range.lowerBound < $1.range.lowerBound }
            look()
        }

        /// What the thread that takes in new rows does, and the one that makes larger lists.
        mutating func takeIn() {
            look()
            for _ in 0..<10_000 {
                let job =
                    policy.nextFresh(parts, gaps: gaps, recipe: recipe, live: live)
                    ?? policy.nextGathering(parts, recipe: recipe)
                guard let job else { return }
                perform(job)
            }
            Issue.record("the policy never rests")
        }

        /// What becomes of the index once few rows come in, or for ever many.
        mutating func settle(isCalm: Bool = true) {
            for _ in 0..<10_000 {
                takeIn()
                let job =
                    isCalm
                    ? policy.nextCalm(parts, gaps: gaps, recipe: recipe, live: live)
                    : policy.nextMerge(parts, recipe: recipe)
                guard let job else { return }
                perform(job)
            }
            Issue.record("the policy never rests")
        }
    }

    @Test func fewRowsAreScanned() {
        var model = Model()
        model.end = 16_000
        model.settle()
        #expect(model.parts.isEmpty)
        model.settle(isCalm: false)
        #expect(model.parts.isEmpty)
    }

    @Test(arguments: [true, false]) func growingRowsEndInFewGraphs(isCalm: Bool) {
        var model = Model()
        model.policy.scanLimit = 2048
        model.policy.listLimit = 16_384
        model.policy.segmentLimit = 1 << 17
        for step in 1...100 {
            model.end = Row(step * 5000)
            model.settle(isCalm: isCalm)
            let scanned = model.gaps.reduce(0) { $0 + $1.count }
            let limit = isCalm ? model.policy.calmScanLimit : model.policy.scanLimit
            #expect(scanned < limit + Int(SegmentList.alignment))
        }
        #expect(model.parts.allSatisfy { $0.recipe == "graph" || model.policy.isYoung($0) && !isCalm })
        // Each row is built twice as lists at the most, and then once for every doubling of its graph; where few rows
        // come in, more often, so that there are fewer graphs.
        #expect(model.built < 500_000 * (isCalm ? 16 : 12))
        if isCalm { #expect(model.parts.filter { $0.rows < 1 << 16 }.count <= 3) }
        #expect(model.parts.count <= 4 + 8)
        for part in model.parts { #expect(part.rows <= model.policy.segmentLimit) }
    }

    @Test func deadRowsCauseARebuild() {
        var model = Model()
        model.end = 200_704
        model.settle()
        let before = model.built
        for row in 0..<Row(20_000) { model.dead.insert(row) }
        model.settle()
        #expect(model.built == before)
        for row in 20_000..<Row(100_000) { model.dead.insert(row) }
        model.settle()
        #expect(model.built > before)
        for row in 100_000..<Row(200_704) { model.dead.insert(row) }
        model.settle()
        #expect(model.parts.allSatisfy { $0.rows == 0 })
    }

    @Test func otherSettingsBuildEverythingAnew() {
        var model = Model()
        model.end = 300_000
        model.settle()
        for kind in [IndexSettings.Kind.hnsw, .lists, .lsh, .automatic] {
            model.settings.kind = kind
            model.settle()
            #expect(model.parts.allSatisfy { $0.recipe == model.recipe?.text })
        }
        model.settings.memory = .compact
        model.settle()
        #expect(model.parts.map(\.recipe) == Array(repeating: "lists binary", count: model.parts.count))
    }

    @Test func aHoleIsFilled() {
        var model = Model()
        model.end = 600_000
        model.settle()
        model.parts.removeFirst()
        model.end += 1
        model.settle()
        #expect(model.gaps.reduce(0) { $0 + $1.count } < model.policy.scanLimit)
    }

    @Test func youngListsStayFew() {
        var model = Model()
        var generator = SeededGenerator(seed: 0x1D_0B01)
        while model.end < 3_000_000 {
            model.end += Row.random(in: 1...40_000, using: &generator)
            model.takeIn()
            let young = model.parts.filter(model.policy.isYoung)
            #expect(young.count < model.policy.youngLimit)
            #expect(model.parts.count <= young.count + Int(model.end) / (model.policy.listLimit / 2) + 1)
        }
        // As a list of new rows, and once or twice as one of more.
        #expect(model.built < 3 * Int(model.end))
    }

    /// An application writes 100 000 records, rests, and then writes now and then.
    @Test func whatIsLeftAfterALoadIsOneGraphAndAShortScan() {
        var model = Model()
        for _ in 0..<100 {
            model.end += 1000
            model.takeIn()
        }
        model.settle()
        #expect(model.parts.map(\.recipe) == ["graph"])
        #expect(model.gaps.reduce(0) { $0 + $1.count } < Int(SegmentList.alignment))
        let built = model.built
        var generator = SeededGenerator(seed: 0x1D_0B02)
        for _ in 0..<3000 {
            model.end += Row.random(in: 1...20, using: &generator)
            model.dead.insert(Row.random(in: 0..<model.end, using: &generator))
            model.settle()
            #expect(model.gaps.reduce(0) { $0 + $1.count } < model.policy.calmScanLimit + Int(SegmentList.alignment))
            #expect(model.parts.count <= 3)
        }
        #expect(model.built - built < 8 * Int(model.end))
    }

    /// Documents that are replaced all the time leave rows behind that nobody finds.
    @Test func rowsWithoutNumberAreNotScannedForAFew() {
        for isCalm in [true, false] {
            var model = Model()
            for _ in 0..<400 {
                for row in model.end..<model.end + 1000 { model.dead.insert(row) }
                model.end += 1010
                if model.end > 100_000 {
                    for row in model.end - 100_000..<model.end - 99_000 { model.dead.insert(row) }
                }
                model.settle(isCalm: isCalm)
                #expect(model.gaps.reduce(0) { $0 + $1.count } <= 8 * model.policy.scanLimit + 1024)
            }
        }
    }

    /// Parts, gaps and dead rows as no collection has them: whatever is there, the policy comes to rest.
    @Test func itRestsWhateverIsThere() {
        for seed in UInt64(0)..<60 {
            var generator = SeededGenerator(seed: 0x1D_0C00 + seed)
            var model = Model()
            model.policy.scanLimit = 2048
            model.policy.listLimit = 8192
            model.policy.segmentLimit = 32_768
            model.end = Row.random(in: 0...100_000, using: &generator)
            var start: Row = 0
            while start < model.end {
                let end = start + 1024 * Row.random(in: 1...12, using: &generator)
                guard end <= model.end else { break }
                if Int.random(in: 0..<4, using: &generator) > 0 {
                    let rows = Int.random(in: 0...Int(end - start), using: &generator)
                    let recipe = ["graph", "lists binary", "hnsw m=16 ef_construct=200"].randomElement(
                        using: &generator)
                    model.parts.append(
                        .init(range: start..<end, recipe: rows == 0 ? "" : recipe ?? "", rows: rows, live: 0))
                    for row in start + Row(rows)..<end { model.dead.insert(row) }
                }
                start = end
            }
            for _ in 0..<Int.random(in: 0...10_000, using: &generator) where model.end > 0 {
                model.dead.insert(Row.random(in: 0..<model.end, using: &generator))
            }
            model.settle(isCalm: Bool.random(using: &generator))
        }
    }

    @Test func flatBuildsNothing() {
        var model = Model()
        model.settings.kind = .flat
        model.end = 1_000_000
        model.settle()
        #expect(model.parts.isEmpty)
    }
}
