import Glibc
import Testing

@testable import VexFS

@Suite struct QueryRequestSupportTests {
    @Test(arguments: QueryRequest.Mode.allCases) func onlyVectorSearchIsThere(mode: QueryRequest.Mode) throws {
        var request = QueryRequest(target: .text("x"), title: "x")
        request.mode = mode
        switch mode {
        case .vector, .exact: try request.requireSupported()
        case .text, .hybrid:
            let error = #expect(throws: VexFSError.self) { try request.requireSupported() }
            #expect(error?.errno == ENOTSUP)
            #expect(error?.message.contains("mode=\(mode.rawValue)") == true)
        }
    }
}
