import CVexKernels
import Glibc

/// Lists of the vectors of some of the 65 536 rows of a ``RowBitmap``'s container: for each dimension the rows that
/// have it and their values. Immutable.
///
/// A row's *place* is its last 16 bits. Long lists know where each window of ``window`` places begins in them and the
/// largest value in it, so that windows without a good candidate are left out (Ding & Suel 2011, "Faster top-k document
/// retrieval using block-max indexes", doi:10.1145/2009916.2010048). Lists that many of the rows are in have their
/// values a second time, as a byte for each place that is in reach: never too small, so that sums of them are bounds of
/// scores.
final class SparseSegment: @unchecked Sendable {
    // The memory is written by the builder before this object is shared, and by nobody after.

    /// Places of a window.
    static let window = Int(VEXFS_SPARSE_WINDOW)
    /// Windows of a container.
    static let windowCount = RowBitmap.Container.rowCount / window
    /// Lists of at least this many places have a directory of windows.
    static let directoryMinimum = 128
    /// Lists with a value for one of this many places, or more, have codes: then reading those of a whole window is no
    /// slower than following the list, and they take no more than what it takes itself.
    static let codedShare = 8
    /// The directory of a list that has none, and its codes.
    static let noDirectory = UInt32.max

    /// The rows that have a vector.
    let rows: RowBitmap
    /// The first row of the container.
    let firstRow: Row
    /// The dimensions that occur, ascending.
    let dimensions: UnsafeBufferPointer<UInt32>
    /// Where each dimension's list begins, and at the end where the last one ends.
    let starts: UnsafeBufferPointer<UInt32>
    /// The least and the largest value of each list.
    let bounds: UnsafeBufferPointer<SparseBounds>
    /// The number of each list's directory, or ``noDirectory``.
    let directories: UnsafeBufferPointer<UInt32>
    /// `[directories × windowCount]`: where each window begins in its list.
    let windowStarts: UnsafeBufferPointer<UInt16>
    /// `[directories × windowCount]`: the largest value in each window, where it is not empty.
    let windowMaxima: UnsafeBufferPointer<Float>
    /// Of each list, where its codes begin in ``codes``, or ``noDirectory``.
    let codeStarts: UnsafeBufferPointer<UInt32>
    /// `[coded lists × windows.count × window]`: 0 where the row is not in the list, otherwise its value in steps of a
    /// 255th of the list's largest, rounded up.
    let codes: UnsafeBufferPointer<UInt8>
    /// The windows with rows.
    let windows: Range<Int>
    /// The lists' values and places, one list behind the other.
    let values: UnsafeBufferPointer<Float>
    let places: UnsafeBufferPointer<UInt16>
    private let memory: SparseMemory

    init(_ memory: consuming SparseMemory, rows: RowBitmap, firstRow: Row) {
        self.rows = rows
        self.firstRow = firstRow
        dimensions = UnsafeBufferPointer(memory.dimensions)
        starts = UnsafeBufferPointer(memory.starts)
        bounds = UnsafeBufferPointer(memory.bounds)
        directories = UnsafeBufferPointer(memory.directories)
        windowStarts = UnsafeBufferPointer(memory.windowStarts)
        windowMaxima = UnsafeBufferPointer(memory.windowMaxima)
        codeStarts = UnsafeBufferPointer(memory.codeStarts)
        codes = UnsafeBufferPointer(memory.codes)
        windows = memory.windows
        values = UnsafeBufferPointer(memory.values)
        places = UnsafeBufferPointer(memory.places)
        self.memory = memory
    }

    /// Bytes of memory.
    var allocatedBytes: Int { memory.byteCount + rows.allocatedBytes }

    /// The number of the dimension's list, nil where no row has it. O(log dimensions).
    func list(of dimension: UInt32) -> Int? {
        var low = 0
        var high = dimensions.count
        while low < high {
            let middle = (low + high) / 2
            if dimensions[middle] < dimension { low = middle + 1 } else { high = middle }
        }
        return low < dimensions.count && dimensions[low] == dimension ? low : nil
    }

    /// The places of a list, as a range of ``places`` and ``values``.
    func range(of list: Int) -> Range<Int> { Int(starts[list])..<Int(starts[list + 1]) }

    /// How many of the rows that have the dimension are in the set. O(1) where all rows of the segment are.
    func count(of dimension: UInt32, in set: RowBitmap, isWhole: Bool) -> Int {
        guard let list = list(of: dimension) else { return 0 }
        let range = range(of: list)
        if isWhole { return range.count }
        return set.withWords(in: Int(firstRow)..<Int(firstRow) + RowBitmap.Container.rowCount) { words in
            vexfs_sparse_count(places.baseAddress.map { $0 + range.lowerBound }, range.count, words.baseAddress)
        }
    }
}

/// The least and the largest value of a list.
struct SparseBounds: BitwiseCopyable, Sendable {
    var least: Float
    var largest: Float

    /// What one code stands for.
    var step: Float { largest / 255 }
    /// Below this the steps were too small for a float.
    static let leastCoded: Float = 1e-30
}

/// One allocation with all arrays of a segment.
///
/// Contract: whoever makes it fills every array before anybody else sees it.
struct SparseMemory: ~Copyable {
    let dimensions: UnsafeMutableBufferPointer<UInt32>
    let starts: UnsafeMutableBufferPointer<UInt32>
    let bounds: UnsafeMutableBufferPointer<SparseBounds>
    let directories: UnsafeMutableBufferPointer<UInt32>
    let windowStarts: UnsafeMutableBufferPointer<UInt16>
    let windowMaxima: UnsafeMutableBufferPointer<Float>
    let codeStarts: UnsafeMutableBufferPointer<UInt32>
    let codes: UnsafeMutableBufferPointer<UInt8>
    let values: UnsafeMutableBufferPointer<Float>
    let places: UnsafeMutableBufferPointer<UInt16>
    let windows: Range<Int>
    let byteCount: Int
    private let base: UnsafeMutableRawPointer
    private static let largePage = 1 << 21

    init(_ lengths: SparseLengths) {
        let dimensionCount = lengths.dimensions.count
        let valueCount = lengths.valueCount
        windows = lengths.windows
        let entries = lengths.directoryCount * SparseSegment.windowCount
        let codeCount = lengths.codedCount * windows.count * SparseSegment.window
        // From the widest elements to the narrowest, so that each array is aligned.
        let bytes = dimensionCount * 8 + (4 * dimensionCount + 1) * 4 + entries * 6 + valueCount * 6 + codeCount
        byteCount = bytes
        // Large pages, where they fill some: a search reads here and there.
        let isLarge = bytes >= 4 * Self.largePage
        base = .allocate(byteCount: max(bytes, 1), alignment: isLarge ? Self.largePage : 64)
        if isLarge { madvise(base, bytes, MADV_HUGEPAGE) }
        var next = base
        func take<Element>(_ count: Int, of type: Element.Type) -> UnsafeMutableBufferPointer<Element> {
            defer { next += count * MemoryLayout<Element>.stride }
            return UnsafeMutableBufferPointer(start: next.bindMemory(to: type, capacity: count), count: count)
        }
        bounds = take(dimensionCount, of: SparseBounds.self)
        dimensions = take(dimensionCount, of: UInt32.self)
        starts = take(dimensionCount + 1, of: UInt32.self)
        directories = take(dimensionCount, of: UInt32.self)
        codeStarts = take(dimensionCount, of: UInt32.self)
        windowMaxima = take(entries, of: Float.self)
        values = take(valueCount, of: Float.self)
        windowStarts = take(entries, of: UInt16.self)
        places = take(valueCount, of: UInt16.self)
        codes = take(codeCount, of: UInt8.self)
    }

    deinit { base.deallocate() }
}
