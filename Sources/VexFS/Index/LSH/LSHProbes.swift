/// The buckets of one table in the order in which they are likely to hold neighbours: the query's own, then those that
/// differ in the projections nearest to a border (multi-probe LSH, Lv et al., VLDB 2007: query-directed, sets of
/// changes by ascending sum of squared distances, generated with a heap by "shift" and "expand").
struct LSHProbes {
    /// A step over a border: which projection, which way, and how far away the border is, squared.
    private struct Step {
        var projection: Int
        var direction: Int64
        var cost: Float
    }

    /// Steps to take together, as indices into the ordered steps; the last one is the greatest.
    private struct StepSet {
        var cost: Float
        var members: [Int]
    }

    private let functions: LSHFunctions
    private let table: Int
    private let projections: UnsafePointer<Float>
    private let steps: [Step]
    private var heap: [StepSet] = []

    /// - Parameter projections: `[perTable]` of the query, valid while this lives.
    init(_ functions: LSHFunctions, table: Int, projections: UnsafePointer<Float>) {
        self.functions = functions
        self.table = table
        self.projections = projections
        var steps: [Step] = []
        for index in 0..<functions.perTable {
            let value = projections[index]
            if let width = functions.width {
                let projection = table * functions.perTable + index
                let start = Float(functions.cell(value, projection)) * width
                let inside = value + functions.offsets.start[projection] - start
                steps.append(Step(projection: index, direction: -1, cost: inside * inside))
                steps.append(Step(projection: index, direction: 1, cost: (width - inside) * (width - inside)))
            } else {
                steps.append(Step(projection: index, direction: 1, cost: value * value))
            }
        }
        self.steps = steps.sorted { $0.cost < $1.cost }
        push(StepSet(cost: self.steps[0].cost, members: [0]))
    }

    /// The query's own bucket.
    var home: UInt32 { functions.bucket(projections, table: table) }

    /// The next likely bucket, nil when there is none.
    mutating func next() -> UInt32? {
        while let set = pop() {
            let last = set.members[set.members.count - 1]
            if last + 1 < steps.count {
                let next = steps[last + 1].cost
                var shifted = set
                shifted.members[shifted.members.count - 1] = last + 1
                shifted.cost += next - steps[last].cost
                push(shifted)
                push(StepSet(cost: set.cost + next, members: set.members + [last + 1]))
            }
            if isPossible(set) { return bucket(set) }
        }
        return nil
    }

    /// One cannot step both ways along one projection.
    private func isPossible(_ set: StepSet) -> Bool {
        var seen: UInt64 = 0
        for member in set.members {
            let bit: UInt64 = 1 << UInt64(steps[member].projection)
            if seen & bit != 0 { return false }
            seen |= bit
        }
        return true
    }

    private func bucket(_ set: StepSet) -> UInt32 {
        guard functions.width != nil else {
            return set.members.reduce(home) { $0 ^ (1 << UInt32(steps[$1].projection)) }
        }
        var mixed = UInt64(table)
        for index in 0..<functions.perTable {
            var cell = functions.cell(projections[index], table * functions.perTable + index)
            for member in set.members where steps[member].projection == index { cell += steps[member].direction }
            mixed = LSHFunctions.mix(mixed, cell)
        }
        return functions.finish(mixed)
    }

    private mutating func push(_ set: StepSet) {
        heap.append(set)
        var child = heap.count - 1
        while child > 0, heap[child].cost < heap[(child - 1) / 2].cost {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> StepSet? {
        guard let least = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return least }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return least }
            if child + 1 < heap.count, heap[child + 1].cost < heap[child].cost { child += 1 }
            guard heap[child].cost < heap[parent].cost else { return least }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
