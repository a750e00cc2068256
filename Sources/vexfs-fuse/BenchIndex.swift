import VexFS

/// What an index under measurement has to offer; ``Engine/benchIndex(_:dimension:directory:)`` makes it.
protocol BenchIndex: AnyObject, Sendable {
    /// Adds rows, numbered on from those that are there. `vectors: [count × dimension] Float32`; returns when they are
    /// kept for good.
    func insert(_ vectors: [Float], count: Int) throws(Failure)
    /// Waits until the index over all rows is made; returns the seconds that making it took.
    func build() throws(Failure) -> Double
    /// The nearest rows, nearest first: one query of one caller, from any thread.
    func search(_ vector: [Float], limit: Int, ef: Int?, filter: RowBitmap?) throws(VexFSError) -> [Neighbor]
    /// The nearest of some rows, compared one by one.
    func exact(_ vector: [Float], limit: Int, among rows: RowBitmap) throws(VexFSError) -> [Neighbor]
    /// How such a search is done, in words.
    func plan(_ vector: [Float], limit: Int, ef: Int, filter: RowBitmap?) throws(VexFSError) -> String
    /// Bytes of memory the index has allocated, and bytes of its files that it maps besides the vectors.
    var indexBytes: (allocated: Int, mapped: Int) { get }
    /// Gives back the memory that only changes need, as a store does by itself when nobody writes.
    func rest()
    /// Brings everything to the disk and gives back all memory; only ``open()`` may follow.
    func close() throws(Failure)
    /// Opens what ``close()`` left; searches may follow at once.
    func open() throws(Failure)
}
