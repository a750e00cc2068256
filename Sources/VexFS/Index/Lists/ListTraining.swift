import CVexKernels

/// Finds the centres of a segment's lists: k-means (Lloyd, doi:10.1109/TIT.1982.1056489) in two levels, because with k
/// lists only about 4 √k of them are then compared with each row, not k.
///
/// Coarse centres come from a sample; each one's part of the sample gets centres in proportion to its size; rounds over
/// the whole sample even out the borders. The same rows, options and seed give the same centres on one instruction set,
/// whatever the number of threads.
struct ListTraining {
    let dimension: Int
    let mean: UnsafePointer<Float>
    let threads: Int
    let isCancelled: () -> Bool

    /// Rows of the sample for each list.
    static let rowsPerList = 64
    private static let coarseRowsPerGroup = 192
    private static let rounds = 6
    private static let finalRounds = 2

    /// Trains about `wanted` centres on `count` rows.
    func train(_ rows: RowAddresses, count: Int, wanted: Int) -> ListTree {
        let sampleCount = min(count, wanted * Self.rowsPerList)
        let sample = Self.sample(rows, count: count, wanted: sampleCount, seed: 0x1157)
        let groups = wanted < 48 ? 1 : Int(Double(wanted).squareRoot())
        let coarseCount = min(sampleCount, groups * Self.coarseRowsPerGroup)
        let coarseSample = Self.sample(sample.start, count: sampleCount, wanted: coarseCount, seed: 0xC0A5)
        var random = SeededRandom(seed: 0x6B6D)
        let coarse = kMeans(coarseSample.start, count: coarseCount, wanted: groups, random: &random)
        let coarseCentres = ListCentres(coarse.start, count: groups, dimension: dimension, mean: mean)
        let byGroup = ListTree.nearest(coarseCentres, sample.start, count: sampleCount, fan: 1, work: self)
        var order = ListOrder(byGroup.start, count: sampleCount, lists: groups)
        var sizes = [Int](repeating: 0, count: groups)
        var firsts = [0]
        for group in 0..<groups {
            let share = Double(order.count(of: group)) / Double(max(sampleCount, 1))
            sizes[group] = max(1, Int((share * Double(wanted)).rounded()))
            firsts.append(firsts[group] + sizes[group])
        }
        let values = Scratch<Float>(firsts[groups] * dimension, repeating: 0)
        let seeds = (0..<groups).map { _ in random.next() }
        ParallelRanges.run(groups, grain: 1, threads: threads, isCancelled: isCancelled) { range in
            for group in range {
                let members = order.members(of: group)
                let own = Scratch<UnsafePointer<Float>>(members.count)
                for (index, row) in members.enumerated() { own.start[index] = sample.start[Int(row)] }
                var random = SeededRandom(seed: seeds[group])
                let fine = kMeans(own.start, count: members.count, wanted: sizes[group], random: &random)
                let first = members.isEmpty ? coarse.start + group * dimension : fine.start
                let target = values.start + firsts[group] * dimension
                target.update(from: first, count: (members.isEmpty ? 1 : sizes[group]) * dimension)
            }
        }
        var tree = ListTree(coarse: coarseCentres, values: values, firsts: firsts, mean: mean)
        for _ in 0..<(groups == 1 ? 0 : Self.finalRounds) where !isCancelled() {
            let lists = tree.assign(sample.start, count: sampleCount, work: self)
            order = ListOrder(lists.start, count: sampleCount, lists: tree.count)
            ParallelRanges.run(tree.count, grain: 16, threads: threads, isCancelled: isCancelled) { range in
                for list in range where order.count(of: list) > 0 {
                    average(order.members(of: list), of: sample.start, into: values.start + list * dimension)
                }
            }
            tree = ListTree(coarse: coarseCentres, values: values, firsts: firsts, mean: mean)
        }
        return tree
    }

    /// Lloyd's rounds over a few rows on one thread: `[wanted × dimension]`, relative to the mean.
    private func kMeans(
        _ rows: RowAddresses, count: Int, wanted: Int, random: inout SeededRandom
    ) -> Scratch<Float> {
        let values = Scratch<Float>(wanted * dimension, repeating: 0)
        guard count > 0 else { return values }
        // The first `wanted` of a shuffle: different rows where there are enough.
        var shuffled = Array(0..<count)
        for index in 0..<min(wanted, count) {
            shuffled.swapAt(index, Int.random(in: index..<count, using: &random))
            difference(rows[shuffled[index]], into: values.start + index * dimension)
        }
        guard wanted > 1 else {
            average(UnsafeBufferPointer(start: nil, count: 0), of: rows, all: count, into: values.start)
            return values
        }
        let best = Scratch<UInt32>(count)
        let bestScores = Scratch<Float>(count)
        for _ in 0..<Self.rounds where !isCancelled() {
            let centres = ListCentres(values.start, count: wanted, dimension: dimension, mean: mean)
            let scores = Scratch<Float>(ListCentres.tileRows * centres.columns)
            centres.nearest(
                rows, count: count, scores: scores.start, best: best.start, bestScores: bestScores.start)
            let order = ListOrder(best.start, count: count, lists: wanted)
            for centre in 0..<wanted {
                let value = values.start + centre * dimension
                if order.count(of: centre) > 0 {
                    average(order.members(of: centre), of: rows, into: value)
                } else {
                    difference(rows[Int.random(in: 0..<count, using: &random)], into: value)
                }
            }
        }
        return values
    }

    private func difference(_ row: UnsafePointer<Float>, into value: UnsafeMutablePointer<Float>) {
        for component in 0..<dimension { value[component] = row[component] - mean[component] }
    }

    /// The mean of some rows, less the mean of all; of the first `all` rows where that is given.
    private func average(
        _ members: UnsafeBufferPointer<UInt32>, of rows: RowAddresses, all: Int? = nil,
        into value: UnsafeMutablePointer<Float>
    ) {
        let count = all ?? members.count
        value.update(repeating: 0, count: dimension)
        for index in 0..<count {
            let row = rows[all == nil ? Int(members[index]) : index]
            for component in 0..<dimension { value[component] += row[component] - mean[component] }
        }
        let factor = 1 / Float(count)
        for component in 0..<dimension { value[component] *= factor }
    }

    /// `wanted` of the rows, one from each of as many equal stretches.
    static func sample(
        _ rows: RowAddresses, count: Int, wanted: Int, seed: UInt64
    ) -> Scratch<UnsafePointer<Float>> {
        let result = Scratch<UnsafePointer<Float>>(wanted)
        var random = SeededRandom(seed: seed)
        for index in 0..<wanted {
            let start = index * count / wanted
            let end = max(start + 1, (index + 1) * count / wanted)
            result.start[index] = rows[Int.random(in: start..<end, using: &random)]
        }
        return result
    }
}
