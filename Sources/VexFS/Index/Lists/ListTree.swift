import CVexKernels

/// Rows by list: a counting sort that keeps ascending order within a list.
struct ListOrder {
    private let starts: Scratch<Int>
    private let rows: Scratch<UInt32>

    /// - Parameter listOf: `[count]`, each below `lists`.
    init(_ listOf: UnsafePointer<UInt32>, count: Int, lists: Int) {
        starts = Scratch(lists + 2, repeating: 0)
        rows = Scratch(count)
        let next = starts.start + 1
        for row in 0..<count { next[Int(listOf[row]) + 1] += 1 }
        for list in 0..<lists { next[list + 1] += next[list] }
        for row in 0..<count {
            let list = Int(listOf[row])
            rows.start[next[list]] = UInt32(row)
            next[list] += 1
        }
    }

    func count(of list: Int) -> Int { starts.start[list + 1] - starts.start[list] }

    /// Valid while the order lives.
    func members(of list: Int) -> UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(start: rows.start + starts.start[list], count: count(of: list))
    }
}

/// The centres of all lists, in groups around coarse centres.
struct ListTree {
    let coarse: ListCentres
    /// `[count × dimension]`, relative to the mean; the groups' lists follow one another.
    let values: Scratch<Float>
    /// The first list of each group, and the number of lists.
    let firsts: [Int]
    private let groups: [ListCentres]

    /// Groups that a row is compared with.
    private static let fan = 4

    init(coarse: ListCentres, values: Scratch<Float>, firsts: [Int], mean: UnsafePointer<Float>) {
        self.coarse = coarse
        self.values = values
        self.firsts = firsts
        groups = (0..<coarse.count).map { group in
            ListCentres(
                values.start + firsts[group] * coarse.dimension, count: firsts[group + 1] - firsts[group],
                dimension: coarse.dimension, mean: mean)
        }
    }

    var count: Int { firsts[coarse.count] }

    /// The nearest list of each row, among those of its nearest groups. `[count]`.
    func assign(_ rows: RowAddresses, count: Int, work: ListTraining) -> Scratch<UInt32> {
        let fan = min(Self.fan, coarse.count)
        let choices = Self.nearest(coarse, rows, count: count, fan: fan, work: work)
        let lists = Scratch<UInt32>(count, repeating: 0)
        let scores = Scratch<Float>(count, repeating: -.infinity)
        for choice in 0..<fan where !work.isCancelled() {
            let order = ListOrder(choices.start + choice * count, count: count, lists: coarse.count)
            // Large groups in several pieces, so that threads end at about the same time.
            var pieces: [(group: Int, rows: Range<Int>)] = []
            for group in 0..<coarse.count {
                let members = order.count(of: group)
                for start in stride(from: 0, to: members, by: 1920) {
                    pieces.append((group, start..<min(start + 1920, members)))
                }
            }
            ParallelRanges.run(pieces.count, grain: 1, threads: work.threads, isCancelled: work.isCancelled) { range in
                for index in range {
                    let piece = pieces[index]
                    let members = UnsafeBufferPointer(rebasing: order.members(of: piece.group)[piece.rows])
                    improve(members, in: piece.group, rows: rows, lists: lists.start, scores: scores.start)
                }
            }
        }
        return lists
    }

    /// Gives those of the rows a list of the group that have it nearer than what they have.
    private func improve(
        _ members: UnsafeBufferPointer<UInt32>, in group: Int, rows: RowAddresses,
        lists: UnsafeMutablePointer<UInt32>, scores: UnsafeMutablePointer<Float>
    ) {
        let centres = groups[group]
        let first = UInt32(firsts[group])
        let addresses = Scratch<UnsafePointer<Float>>(members.count)
        for index in 0..<members.count { addresses.start[index] = rows[Int(members[index])] }
        let products = Scratch<Float>(ListCentres.tileRows * centres.columns)
        let best = Scratch<UInt32>(members.count)
        let bestScores = Scratch<Float>(members.count)
        centres.nearest(
            addresses.start, count: members.count, scores: products.start, best: best.start,
            bestScores: bestScores.start)
        for index in 0..<members.count {
            let row = Int(members[index])
            if bestScores.start[index] > scores[row] {
                scores[row] = bestScores.start[index]
                lists[row] = first + best.start[index]
            }
        }
    }

    /// The `fan` nearest centres of each row, nearest first: `[fan × count]`.
    static func nearest(
        _ centres: ListCentres, _ rows: RowAddresses, count: Int, fan: Int, work: ListTraining
    ) -> Scratch<UInt32> {
        let choices = Scratch<UInt32>(fan * count, repeating: 0)
        guard centres.count > 1 else { return choices }
        let grain = ListCentres.tileRows * 8
        ParallelRanges.run(count, grain: grain, threads: work.threads, isCancelled: work.isCancelled) { range in
            let scores = Scratch<Float>(ListCentres.tileRows * centres.columns)
            for start in stride(from: range.lowerBound, to: range.upperBound, by: ListCentres.tileRows) {
                let rowsNow = min(ListCentres.tileRows, range.upperBound - start)
                centres.score(rows + start, count: rowsNow, into: scores.start)
                for row in 0..<rowsNow {
                    let line = scores.start + row * centres.columns
                    for choice in 0..<fan {
                        var winner = 0
                        for column in 1..<centres.count where line[column] > line[winner] { winner = column }
                        choices.start[choice * count + start + row] = UInt32(winner)
                        line[winner] = -.infinity
                    }
                }
            }
        }
        return choices
    }
}
