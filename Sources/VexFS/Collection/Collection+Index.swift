import Glibc

/// The segments of a collection: found at open, built in the background, put in place while searches go on.
extension Collection {
    /// The sorts of work on an index; one call of each at a time.
    enum IndexWork {
        /// Taking in new rows quickly.
        case fresh
        /// Taking in new rows for good.
        case whole
        /// Making larger lists of small ones.
        case gathering
        /// Merging segments while many rows come in.
        case merge
        /// Merging segments, and new rows, once few come in.
        case calm
    }

    /// Builds what the policy wants next, if it wants anything.
    /// - Returns: whether anything was built.
    /// - Throws: `storeFull`, `inputOutput`; searches go on without the segment.
    func buildNext(
        _ work: IndexWork, policy: IndexPolicy, threads: Int, isCancelled: @escaping @Sendable () -> Bool
    ) throws(VexFSError) -> Bool {
        try lock(of: work).withLock { _ throws(VexFSError) in
            for space in state.withLock({ $0.spaces.map(\.number) }) {
                guard let job = claim(work, policy, in: space) else { continue }
                defer {
                    claims.withLock { $0.removeAll { $0.space == space && $0.range == job.range } }
                    progress.update { $0 += 1 }
                }
                return try build(job, in: space, threads: threads) { [weak self] in
                    isCancelled() || self?.state.withLock { $0.isRemoved || $0.space(space) == nil } ?? true
                }
            }
            return false
        }
    }

    private func lock(of work: IndexWork) -> Monitor<UInt64> {
        switch work {
        case .fresh, .whole: freshLock
        case .gathering: gatheringLock
        case .merge, .calm: mergeLock
        }
    }

    /// Chooses what is built next and keeps others from building the same rows; ``claims`` has them until they are
    /// built.
    private func claim(_ work: IndexWork, _ policy: IndexPolicy, in space: SpaceNumber) -> IndexJob? {
        claims.withLock { claims in
            let job = nextJob(work, policy, in: space, without: claims.filter { $0.space == space }.map(\.range))
            if let job { claims.append(IndexClaim(space: space, range: job.range)) }
            return job
        }
    }

    /// Builds segments until the policy wants none; rows that come meanwhile may be left for the next call.
    /// - Throws: `storeFull`, `inputOutput`.
    public func buildIndex() throws(VexFSError) {
        let policy = context.indexPolicy
        let threads = IndexBuilder.threadCount
        for work in [IndexWork.whole, .fresh, .calm] {
            while try buildNext(work, policy: policy, threads: threads, isCancelled: { false }) {}
        }
    }

    /// What the index is made of now.
    public var indexFigures: IndexFigures {
        let (spaces, end) = state.withLock { ($0.spaces, $0.rows.next) }
        var figures = IndexFigures()
        for space in spaces {
            figures.allocatedBytes += space.vectors?.codes.allocatedBytes ?? 0
            figures.allocatedBytes += space.sparse?.allocatedBytes ?? 0
            for segment in space.segments.entries.compactMap(\.segment) {
                figures.segments += 1
                figures.allocatedBytes += segment.allocatedBytes
                figures.mappedBytes += segment.mappedBytes
            }
            for gap in space.segments.gaps(below: end) {
                figures.scannedRows += space.withVector.count(in: Int(gap.lowerBound)..<Int(gap.upperBound))
            }
        }
        return figures
    }

    /// The names of the segments' files.
    var segmentFiles: [String] { state.withLock { $0.spaces.flatMap { $0.segments.entries.map(\.file) } } }

    /// Whether the policy wants nothing built, and nothing is left to prepare.
    var isIndexed: Bool {
        guard preparation.withLock({ $0.prepared == $0.indexes }) else { return false }
        let policy = context.indexPolicy
        return claims.withLock { claims in
            claims.isEmpty
                && state.withLock { $0.spaces.map(\.number) }.allSatisfy { space in
                    [IndexWork.fresh, .calm].allSatisfy { nextJob($0, policy, in: space, without: []) == nil }
                }
        }
    }

    /// What the policy wants next of some work; `claimed` rows are built already.
    private func nextJob(
        _ work: IndexWork, _ policy: IndexPolicy, in number: SpaceNumber, without claimed: [Range<Row>]
    ) -> IndexJob? {
        let (found, end, configuration) = state.withLock { ($0.space(number), $0.rows.next, $0.configuration) }
        guard let space = found, space.vectors != nil else { return nil }
        let recipe = configuration.settings(of: space.name)?.recipe
        // What someone keeps is searched too, and counts as live.
        let held = space.held
        let live = { (range: Range<Row>) in held.count(in: Int(range.lowerBound)..<Int(range.upperBound)) }
        var parts = space.segments.entries.filter { $0.range.lowerBound >= space.ownFrom }.map { entry in
            IndexPolicy.Part(
                range: entry.range, recipe: entry.recipe, rows: entry.segment?.rows.count ?? 0,
                live: live(entry.range))
        }
        var gaps = space.segments.gaps(below: end)
        for range in claimed {
            parts.removeAll { $0.range.overlaps(range) }
            // What is built of a gap begins where it does.
            gaps = gaps.map { $0.overlaps(range) ? min(range.upperBound, $0.upperBound)..<$0.upperBound : $0 }
        }
        gaps.removeAll(where: \.isEmpty)
        switch work {
        case .fresh: return policy.nextFresh(parts, gaps: gaps, recipe: recipe, live: live)
        case .whole: return policy.nextWhole(parts, gaps: gaps, recipe: recipe, live: live)
        case .gathering: return policy.nextGathering(parts, recipe: recipe)
        case .merge: return policy.nextMerge(parts, recipe: recipe)
        // What others are about to finish is soon a part of it.
        case .calm: return claimed.isEmpty ? policy.nextCalm(parts, gaps: gaps, recipe: recipe, live: live) : nil
        }
    }

    /// Builds one segment and puts it in place.
    private func build(
        _ job: IndexJob, in number: SpaceNumber, threads: Int, isCancelled: @escaping @Sendable () -> Bool
    ) throws(VexFSError) -> Bool {
        let start = SystemCall.monotonicMicroseconds()
        let (found, settings) = state.withLock { state in
            let space = state.space(number)
            return (space, space.map { state.settings(of: $0) })
        }
        guard let space = found, let settings, let vectors = space.vectors else { return false }
        var rows: [Row] = []
        let range = Int(job.range.lowerBound)..<Int(job.range.upperBound)
        let held = space.held
        rows.reserveCapacity(held.count(in: range))
        held.forEachRun(in: range) { run in
            rows.append(contentsOf: Row(run.lowerBound)..<Row(run.upperBound))
        }
        var entry = SegmentEntry(range: job.range, segment: nil, recipe: "", file: "")
        if !rows.isEmpty {
            entry.file = nextSegmentFile(in: number)
            entry.recipe = job.recipe.text
            try context.space.claim(job.recipe.fileBytes(rows: rows.count, dimension: vectors.dimension))
            let factory = SegmentFactory(
                metric: settings.metric, isResident: !settings.index.onDisk, threads: threads,
                isCancelled: isCancelled)
            entry.segment = try factory.build(
                job.recipe, SegmentRows(rows), vectors.rows(below: job.range.upperBound),
                extending: space.segments.entries.first { $0.range.lowerBound == job.range.lowerBound },
                path: context.directory.segmentPath(entry.file))
            guard entry.segment != nil else { return false }
        }
        let isPlaced = try place(entry, job.recipe, in: number)
        vectors.letGo(of: job.range)
        context.metrics.increment(.segmentsBuilt)
        context.metrics.increment(.segmentRowsBuilt, by: rows.count)
        context.metrics.observe(.segmentBuildSeconds, SystemCall.monotonicMicroseconds() - start)
        return isPlaced
    }

    private func nextSegmentFile(in space: SpaceNumber) -> String {
        state.withLock { state in
            var segment: UInt64 = 0
            state.change(space) { space in
                space.nextSegment += 1
                segment = space.nextSegment
            }
            return "\(StoreDirectory.fileStem(number, space))-\(segment).seg"
        }
    }

    /// Shows a segment to searches; the files it replaces go once the record that names it is on the disk.
    /// - Returns: false where what it replaces, or the settings, changed while it was built.
    private func place(
        _ entry: SegmentEntry, _ recipe: SegmentRecipe, in number: SpaceNumber
    ) throws(VexFSError) -> Bool {
        var replaced: [SegmentEntry]?
        do throws(VexFSError) {
            replaced = try write(evenRetired: true) { () throws(VexFSError) in
                let (space, wanted) = state.withLock { state in
                    let space = state.space(number)
                    return (space, space.flatMap { state.settings(of: $0).recipe })
                }
                guard var list = space?.segments, wanted == recipe || recipe == .fresh && wanted != nil,
                    let replaced = list.insert(entry)
                else { return nil }
                try save(list, of: number)
                return replaced
            }
        } catch {
            removeFiles([entry])
            throw error
        }
        if let replaced, !replaced.isEmpty {
            // The list on the disk must not name files that are gone; writers do not wait for that.
            try database.syncLog()
            removeFiles(replaced)
        } else if replaced == nil {
            removeFiles([entry])
        }
        return replaced != nil
    }

    /// Writes the list of segments and makes it the one that searches use.
    private func save(_ list: SegmentList, of space: SpaceNumber) throws(VexFSError) {
        let batch = WriteBatch()
        let next = state.withLock { $0.space(space)?.nextSegment ?? 0 }
        batch.put(StoreKey.segments(number, space), SegmentManifest(next: next, list: list).encoded)
        try database.write(batch)
        state.withLock { state in
            state.change(space) { space in
                space.segments = list
                space.forgetIndex()
            }
        }
    }

    func removeFiles(_ entries: [SegmentEntry]) {
        for entry in entries where !entry.file.isEmpty { unlink(context.directory.segmentPath(entry.file)) }
    }

    /// Gives up every segment of a space; under the writer's lock.
    func dropSegments(of space: SpaceNumber) throws(VexFSError) {
        let (removed, empty) = state.withLock { state in
            (state.space(space)?.segments.entries ?? [], state.space(space)?.emptySegments ?? SegmentList())
        }
        guard removed.contains(where: { !$0.file.isEmpty }) else { return }
        try save(empty, of: space)
        try database.syncLog()
        removeFiles(removed)
    }

    /// The index of a space as a search sees it now, over the rows below `end`; nil where no row has a vector. Made
    /// once for as long as nothing changes.
    func currentIndex(of number: SpaceNumber) -> IndexView? {
        if let origin, origin.isSnapshot { return origin.collection.currentIndex(of: number) }
        guard var view = ownIndex(of: number) else { return nil }
        // A fork's index is made of what its origin's is at this moment.
        if let origin, view.metric != .manhattan, state.withLock({ ($0.space(number)?.ownFrom ?? 0) > 0 }),
            let lower = origin.collection.currentIndex(of: number)
        {
            view.index = LayeredIndex(lower: lower.index, upper: view.index, lowerRows: origin.rows)
        }
        return view
    }

    private func ownIndex(of number: SpaceNumber) -> IndexView? {
        let (found, configuration, end) = state.withLock { ($0.space(number), $0.configuration, $0.rows.next) }
        guard let space = found, let settings = configuration.settings(of: space.name) else { return nil }
        if let known = space.index, known.end == end { return known }
        guard let vectors = space.vectors else { return nil }
        let rows = vectors.rows(below: end)
        let metric = settings.metric
        var index: any VectorIndex
        if space.segments.entries.isEmpty || metric == .manhattan {
            index = vectors.codes.index(over: rows, metric: metric)
        } else {
            // The entry that stands for an origin's rows is among the segments, so these are not scanned here.
            let gaps = space.segments.gaps(below: end)
            let scan = vectors.codes.index(over: rows.chunks(overlapping: gaps), wanted: gaps, metric: metric)
            index = SegmentedIndex(
                segments: space.segments, scan: scan, vectors: rows, defaultEf: settings.index.ef)
        }
        let view = IndexView(end: end, index: index, rows: rows, metric: metric)
        state.withLock { state in
            state.change(number) { if $0.indexVersion == space.indexVersion { $0.index = view } }
        }
        return view
    }

    /// Opens the segments that the store names. One that is missing, damaged or of another shape is left out and built
    /// anew.
    static func loadSegments(
        of place: Int, into state: inout State, number: UInt32, context: StoreContext
    ) throws(VexFSError) {
        let space = state.spaces[place]
        let settings = state.settings(of: space)
        guard let bytes = try context.database.value(StoreKey.segments(number, space.number)) else { return }
        let manifest = try SegmentManifest(decoding: bytes)
        state.spaces[place].nextSegment = manifest.next
        for named in manifest.entries {
            // Rows are never given again while a segment stands for them, also where the last documents are gone.
            state.rows.extend(to: Int(named.range.upperBound))
            var entry = SegmentEntry(range: named.range, segment: nil, recipe: named.recipe, file: named.file)
            if !named.file.isEmpty {
                do throws(VexFSError) {
                    entry.segment = try SegmentFactory.open(
                        context.directory.segmentPath(named.file), dimension: settings.dimension ?? 0,
                        metric: settings.metric, resident: !settings.index.onDisk)
                } catch {
                    Log.shared.warn("a part of the index is built anew: \(error)", [("collection", state.name.string)])
                    continue
                }
            }
            _ = state.spaces[place].segments.insert(entry)
        }
    }
}

/// Rows of a space that are being built into a segment.
struct IndexClaim {
    var space: SpaceNumber
    var range: Range<Row>
}

/// What an index is made of, in numbers.
public struct IndexFigures: Sendable {
    /// Segments in use.
    public internal(set) var segments = 0
    /// Live rows that no segment covers.
    public internal(set) var scannedRows = 0
    /// Bytes of memory that codes and segments take for themselves.
    public internal(set) var allocatedBytes = 0
    /// Bytes of the segments' files.
    public internal(set) var mappedBytes = 0
}

/// The index of a collection at one moment.
struct IndexView: Sendable {
    /// The row behind the last.
    var end: Row
    /// What finds the nearest of the rows.
    var index: any VectorIndex
    /// The full vectors.
    var rows: VectorRows
    var metric: Metric

    /// What compares every vector in full.
    var exact: FlatIndex { FlatIndex(rows: rows, metric: metric) }
}
