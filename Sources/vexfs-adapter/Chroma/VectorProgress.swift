import Synchronization
import VexValues
import VexWire

/// Vectors of an answer that are written out while they are sent.
final class VectorProgress: Sendable {
    private struct State {
        var head: [UInt8]
        var row = 0
        var isDone = false
    }

    private static let portionBytes = 64 << 10

    private let vectors: ChromaColumns.Vectors
    private let bytes: [UInt8]
    private let binaryStart: Int
    private let state: Mutex<State>

    /// `head` is everything before the first vector; the list and the object are closed behind the last.
    init(head: [UInt8], vectors: ChromaColumns.Vectors, answer: MountAnswer) {
        self.vectors = vectors
        bytes = answer.bytes
        binaryStart = WireHeader.byteCount + Int(answer.header.jsonByteCount)
        state = Mutex(State(head: head))
    }

    /// Appends the next portion; nothing after the end.
    func produce(_ out: inout [UInt8]) {
        state.withLock { state in
            out.append(contentsOf: state.head)
            state.head = []
            guard !state.isDone else { return }
            bytes.withUnsafeBytes { all in
                let binary = UnsafeRawBufferPointer(rebasing: all[binaryStart...])
                while state.row < vectors.rows, out.count < Self.portionBytes {
                    if state.row > 0 { out.append(UInt8(ascii: ",")) }
                    ChromaColumns.write(row: state.row, of: vectors, in: binary, to: &out)
                    state.row += 1
                }
            }
            if state.row == vectors.rows, out.count < Self.portionBytes {
                out.append(contentsOf: "]}".utf8)
                state.isDone = true
            }
        }
    }
}
