/// Sparse indexes that have the rows of one collection between them: its own, and those of the collections that it
/// began with.
struct LayeredSparseIndex: Sendable {
    private struct Layer {
        let index: SparseIndex
        /// The rows that it is asked for; nil for all that it has.
        let rows: RowBitmap?

        func part(of rows: RowBitmap) -> RowBitmap { self.rows.map { $0.intersection(rows) } ?? rows }
    }

    private var layers: [Layer] = []

    /// Adds an index; no row is asked of two.
    /// - Parameter rows: The rows that it is asked for; nil for all that it has.
    mutating func add(_ index: SparseIndex, asked rows: RowBitmap? = nil) {
        layers.append(Layer(index: index, rows: rows))
    }

    /// How many rows there are.
    var count: Int {
        layers.reduce(0) { sum, layer in
            let rows = layer.index.rows
            return sum + (layer.rows?.intersectionCount(rows) ?? rows.count)
        }
    }

    /// The query with each value multiplied by the ``InverseDocumentFrequency`` of its dimension among the rows.
    func weighted(_ query: SparseVector, in statistics: RowBitmap) -> SparseVector {
        if layers.count == 1, layers[0].rows == nil { return layers[0].index.weighted(query, in: statistics) }
        var documents = 0
        var holders = [Int](repeating: 0, count: query.count)
        for layer in layers {
            let counted = layer.index.holders(of: query.indices, in: layer.part(of: statistics))
            documents += counted.rows
            for place in holders.indices { holders[place] += counted.holders[place] }
        }
        return query.weighted(documents: documents, holders: holders)
    }

    /// The `limit` allowed rows with the largest products, larger first, equal ones by ascending row; only rows that
    /// share a dimension with the query.
    func search(_ query: SparseVector, limit: Int, among allowed: RowBitmap) -> IndexAnswer {
        var answers: [IndexAnswer] = []
        for layer in layers {
            answers.append(layer.index.search(query, limit: limit, among: layer.part(of: allowed)))
        }
        if answers.count == 1 { return answers[0] }
        return IndexAnswer(
            neighbors: .merged(answers.map(\.neighbors), limit: max(0, limit), metric: .dot),
            compared: answers.reduce(0) { $0 + $1.compared })
    }
}
