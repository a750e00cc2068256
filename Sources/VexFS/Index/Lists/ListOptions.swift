/// How a segment of inverted lists is made.
public struct ListOptions: Sendable, Equatable {
    /// What stands for a row in its list.
    public enum Codes: Sendable, Equatable {
        /// One bit a dimension: the signs of the rotated residual (RaBitQ, arXiv 2405.12497).
        case binary
        /// Product quantisation (doi:10.1109/TPAMI.2010.57): two nibbles a byte, each naming one of 16 words for an
        /// equal share of the dimensions. Rounded to what the dimension allows.
        case product(bytes: Int)
    }

    /// What stands for a row in its list.
    public var codes: Codes
    /// How many lists, nil for the segment's own choice by its size.
    public var lists: Int?

    /// Creates options.
    public init(codes: Codes = .binary, lists: Int? = nil) {
        self.codes = codes
        self.lists = lists
    }

    /// The number of lists for so many rows: about 190 rows a list in small segments, 400 in a million, where going
    /// through the centres costs as much as going through the rows.
    func listCount(rows: Int) -> Int {
        if let lists { return max(1, min(lists, rows)) }
        let root = Double(rows).squareRoot()
        let wanted = rows < 65536 ? Double(rows) / 192 : root * (root / 256).squareRoot() * 1.3
        return max(1, min(Int(wanted), 65536))
    }
}

/// How a query's breadth becomes work.
struct ListBreadth: Equatable {
    /// Lists that are gone through where every row may be found.
    var lists: Int
    /// Rows whose full vectors are compared.
    var rescored: Int
}
