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
            var list = SegmentList()
            for part in parts {
                _ = list.insert(SegmentEntry(range: part.range, segment: nil, recipe: part.recipe, file: ""))
            }
            return list.gaps(below: end)
        }

        mutating func settle() {
            for _ in 0..<10_000 {
                for index in parts.indices { parts[index].live = live(parts[index].range) }
                let job =
                    policy.nextFresh(parts, gaps: gaps, recipe: recipe, live: live)
                    ?? policy.nextMerge(parts, recipe: recipe)
                guard let job else { return }
                #expect(job.range.lowerBound % SegmentList.alignment == 0)
                #expect(job.range.upperBound % SegmentList.alignment == 0)
                built += live(job.range)
                let before = parts.count
                parts.removeAll { $0.range.overlaps(job.range) }
                let rows = live(job.range)
                #expect(rows <= policy.segmentLimit || before == parts.count)
                parts.append(
                    .init(range: job.range, recipe: rows == 0 ? "" : job.recipe.text, rows: rows, live: rows))
                parts.sort { $0.range.lowerBound < $1.range.lowerBound }
            }
            Issue.record("the policy never rests")
        }
    }

    @Test func fewRowsAreScanned() {
        var model = Model()
        model.end = 16_000
        model.settle()
        #expect(model.parts.isEmpty)
    }

    @Test func growingRowsEndInFewGraphs() {
        var model = Model()
        model.policy.scanLimit = 2048
        model.policy.listLimit = 16_384
        model.policy.segmentLimit = 1 << 17
        for step in 1...100 {
            model.end = Row(step * 5000)
            model.settle()
            let scanned = model.gaps.reduce(0) { $0 + $1.count }
            #expect(scanned < model.policy.scanLimit + Int(SegmentList.alignment))
        }
        #expect(model.parts.allSatisfy { $0.recipe == "graph" })
        // Each row is built once as a list and then once for every doubling of its graph.
        #expect(model.built < 500_000 * 12)
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

    @Test func flatBuildsNothing() {
        var model = Model()
        model.settings.kind = .flat
        model.end = 1_000_000
        model.settle()
        #expect(model.parts.isEmpty)
    }
}
