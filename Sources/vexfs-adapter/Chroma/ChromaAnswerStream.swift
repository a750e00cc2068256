import Synchronization
import VexValues

/// A large answer that is written out, and forgotten, while it is sent.
final class ChromaAnswerStream: Sendable {
    /// What the answer is put together from.
    enum Piece: Sendable {
        case text([UInt8])
        /// Vectors that follow one another in memory, as an array without its brackets.
        case vectors([UInt8], ChromaColumns.Vectors)
    }

    /// What is written at once, at the least.
    static let portionBytes = 64 << 10

    private struct State {
        /// The last is the next.
        var pieces: [Piece]
        /// Of the next piece, where it is vectors.
        var row = 0
        /// Whether the piece before was vectors.
        var followsVectors = false
    }

    private let state: Mutex<State>

    init(_ pieces: [Piece]) { state = Mutex(State(pieces: pieces.reversed())) }

    /// Appends at least so many bytes where there are as many; nothing after the end.
    func produce(upTo count: Int, _ out: inout [UInt8]) {
        state.withLock { state in
            while out.count < count, let piece = state.pieces.last {
                switch piece {
                case .text(let text):
                    out.append(contentsOf: text)
                    state.followsVectors = false
                    state.pieces.removeLast()
                case .vectors(let bytes, let vectors):
                    bytes.withUnsafeBytes { binary in
                        while state.row < vectors.rows, out.count < count {
                            if state.row > 0 || state.followsVectors { out.append(UInt8(ascii: ",")) }
                            ChromaColumns.write(row: state.row, of: vectors, in: binary, to: &out)
                            state.row += 1
                        }
                    }
                    guard state.row == vectors.rows else { return }
                    state.row = 0
                    state.followsVectors = true
                    state.pieces.removeLast()
                }
            }
        }
    }
}
