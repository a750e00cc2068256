/// What queries ask of a collection: its points as they were at one moment.
///
/// Rows stand for points. Vectors have names, the default vector's is empty.
public protocol PointSource: Sendable {
    /// The collection's name.
    var name: String { get }
    /// The rows of all points.
    var rows: RowBitmap { get }
    /// The rows of the points that have the vector.
    /// - Throws: `invalidQuery` where the collection has no vector of the name.
    func rows(withVector vector: String) throws(VexFSError) -> RowBitmap
    /// How vectors of the name are compared.
    func metric(of vector: String) throws(VexFSError) -> Metric
    /// The rows among `rows` that the filter lets through.
    func rows(matching filter: Filter, among rows: RowBitmap) throws(VexFSError) -> RowBitmap
    /// About how many rows the filter lets through; cheaper than all of them where no index knows.
    func estimatedCount(matching filter: Filter) throws(VexFSError) -> Int

    /// The rows among `rows` that are nearest to a vector, nearest first, equal scores by ascending row.
    func nearest(
        to query: QueryVector, in vector: String, limit: Int, among rows: RowBitmap, _ parameters: SearchParameters
    ) throws(VexFSError) -> [Neighbor]
    /// How near rows are to vectors, higher being nearer: `[rows × queries] Float32`, row-major.
    ///
    /// Cosines and inner products as they are, minus the squared Euclidean and minus the Manhattan distances. All rows
    /// have the vector. O(rows × queries × dimension).
    func similarities(
        of rows: [Row], to queries: [QueryVector], in vector: String
    ) throws(VexFSError) -> [Float]
    /// The vector as it is compared with those of the points: of sparse ones that are weighted by how rare a dimension
    /// is, with these weights.
    func weighted(_ vector: QueryVector, in name: String) throws(VexFSError) -> QueryVector
    /// The row's vector, nil where it has none of the name.
    func vector(of row: Row, named vector: String) throws(VexFSError) -> QueryVector?
    /// The vector of a text.
    func embedding(of text: String, model: String?, for vector: String) throws(VexFSError) -> QueryVector

    /// The payload, an object; nil where the point is gone meanwhile.
    func payload(of row: Row) throws(VexFSError) -> JSON?
    /// Values of the field that `order` names with the rows that hold them, in any order: at least those of the first
    /// `limit` rows, and every row of each value.
    func orderValues(
        of order: OrderBy, limit: Int, among rows: RowBitmap
    ) throws(VexFSError) -> [(row: Row, value: OrderValue)]
    /// Every distinct value of a field with how many of the rows hold it, in any order.
    func valueCounts(
        of key: PayloadPath, among rows: RowBitmap
    ) throws(VexFSError) -> [(value: Filter.Value, count: Int)]

    /// The point of this id.
    func row(of id: PointIdentifier) -> Row?
    /// The id of the row's point; nil where it is gone meanwhile.
    func identifier(of row: Row) -> PointIdentifier?
    /// The first `limit` of the rows from an id on with their ids, in the order of these.
    func page(
        from start: PointIdentifier?, limit: Int, among rows: RowBitmap
    ) throws(VexFSError) -> [(id: PointIdentifier, row: Row)]
    /// The rows in the order in which their points first came.
    func inInsertionOrder(_ rows: RowBitmap, offset: Int, limit: Int) -> [Row]

    /// Another collection.
    /// - Throws: `notFound`.
    func collection(named name: String) throws(VexFSError) -> any PointSource
}

extension PointSource {
    /// The vector itself: nothing is weighted unless a source says so.
    public func weighted(_ vector: QueryVector, in name: String) throws(VexFSError) -> QueryVector { vector }
}
