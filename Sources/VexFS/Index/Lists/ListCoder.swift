import CVexKernels

/// Makes codes of residuals and look-up tables of queries: a random rotation, then signs or the words of a product
/// quantiser.
///
/// With r = x − c a row's residual, P the rotation and s what the code stands for, `r·q` is estimated as
/// `f Σ sᵢ (Pq)ᵢ` with `f = |r|² / Σ sᵢ (Pr)ᵢ`: unbiased over rotations (RaBitQ, arXiv 2405.12497, theorem 3.2). The
/// centre's part of the error is known when the row is encoded, so it is taken off then, and one look-up table serves
/// every list.
struct ListCoder {
    let codes: ListOptions.Codes
    let dimension: Int
    /// Components after the rotation.
    let length: Int
    /// Nibbles of a code.
    let nibbles: Int
    /// Components for each nibble.
    let width: Int
    /// Four nibbles each.
    let groups: Int
    private let signs: Scratch<UInt32>
    /// Product codes: `[nibbles × width × 16]`; empty for signs.
    let books: Scratch<Float>

    static let rounds = 4
    private static let kernels = vexfs_list_kernels().pointee

    /// - Parameter books: `[nibbles × width × 16]` for product codes, nil where they are to be trained.
    init(codes: ListOptions.Codes, dimension: Int, books given: UnsafeBufferPointer<Float>? = nil) {
        self.codes = codes
        self.dimension = dimension
        switch codes {
        case .binary:
            width = 4
            length = (dimension + 3) / 4 * 4
        case .product(let bytes):
            width = max(1, (dimension + 2 * max(bytes, 1) - 1) / (2 * max(bytes, 1)))
            length = (dimension + width - 1) / width * width
        }
        nibbles = length / width
        groups = (nibbles + Int(VEXFS_GROUP_NIBBLES) - 1) / Int(VEXFS_GROUP_NIBBLES)
        signs = Scratch(Self.rounds * length)
        var random = SeededRandom(seed: 0x5167)
        for index in 0..<signs.count { signs.start[index] = UInt32(truncatingIfNeeded: random.next()) }
        books = Scratch(codes == .binary ? 0 : nibbles * width * 16, repeating: 0)
        if let given, let base = given.baseAddress, given.count == books.count {
            books.start.update(from: base, count: given.count)
        }
    }

    var allocatedBytes: Int { (signs.count + books.count) * 4 }
    /// Bytes of a block of 32 codes.
    var blockBytes: Int { groups * Int(VEXFS_GROUP_BYTES) }

    /// Rotates `[dimension]` components into `[length]`; `target` may be where they are.
    func rotate(_ target: UnsafeMutablePointer<Float>) {
        for index in dimension..<length { target[index] = 0 }
        Self.kernels.rotate(target, length, signs.start, Self.rounds)
    }

    /// The code of a rotated residual, and what it says of it.
    func encode(
        _ residual: UnsafePointer<Float>, centre: UnsafePointer<Float>, into code: UnsafeMutablePointer<UInt8>
    ) -> vexfs_code_facts {
        var facts = vexfs_code_facts()
        if codes == .binary {
            Self.kernels.encode_signs(residual, centre, length, code, &facts)
        } else {
            Self.kernels.encode_product(residual, centre, nibbles, width, books.start, code, &facts)
        }
        return facts
    }

    /// The look-up table of a rotated query: `[groups × 64]` bytes, and what sums of it mean. `wide` has room for
    /// 16 values a nibble.
    func table(
        of query: UnsafePointer<Float>, wide: UnsafeMutablePointer<Float>, into table: UnsafeMutablePointer<UInt8>
    ) -> (scale: Float, base: Float) {
        var scale: Float = 0
        var base: Float = 0
        if codes == .binary {
            Self.kernels.table_signs(query, length, wide)
        } else {
            Self.kernels.table_product(query, nibbles, width, books.start, wide)
        }
        (table + nibbles * 16).update(repeating: 0, count: (groups * 4 - nibbles) * 16)
        Self.kernels.narrow_table(wide, nibbles, table, &scale, &base)
        return (scale, base)
    }

    /// Trains the words of product codes on rotated residuals `[count × length]`: k-means of 16 in every subspace.
    func train(on residuals: UnsafePointer<Float>, count: Int) {
        guard codes != .binary, count > 0 else { return }
        var random = SeededRandom(seed: 0xB00C)
        for sub in 0..<nibbles {
            for word in 0..<16 {
                let row = residuals + Int.random(in: 0..<count, using: &random) * length + sub * width
                for part in 0..<width { books.start[(sub * width + part) * 16 + word] = row[part] }
            }
        }
        let code = Scratch<UInt8>(nibbles)
        let sums = Scratch<Float>(books.count)
        let counts = Scratch<Float>(nibbles * 16)
        for _ in 0..<10 {
            sums.start.update(repeating: 0, count: sums.count)
            counts.start.update(repeating: 0, count: counts.count)
            for index in 0..<count {
                let row = residuals + index * length
                _ = encode(row, centre: row, into: code.start)
                for sub in 0..<nibbles {
                    let word = Int(code.start[sub])
                    counts.start[sub * 16 + word] += 1
                    for part in 0..<width {
                        sums.start[(sub * width + part) * 16 + word] += row[sub * width + part]
                    }
                }
            }
            for sub in 0..<nibbles {
                for word in 0..<16 where counts.start[sub * 16 + word] > 0 {
                    for part in 0..<width {
                        let at = (sub * width + part) * 16 + word
                        books.start[at] = sums.start[at] / counts.start[sub * 16 + word]
                    }
                }
            }
        }
    }
}
