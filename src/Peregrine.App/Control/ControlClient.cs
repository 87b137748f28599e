using System.Net.Sockets;
using System.Text.Json;

namespace Peregrine.App.Control;

/// <summary>Asks a running appliance, from another process.</summary>
internal static class ControlClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <exception cref="StopException">No appliance runs on the folder, or it does not answer.</exception>
    public static async Task<ControlAnswer> AskAsync(string folder, ControlRequest request, CancellationToken cancel)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            using (SocketAddressPath address = new(Path.Combine(folder, ControlSocket.Name))) await socket.ConnectAsync(address.EndPoint, patience.Token).ConfigureAwait(false);
            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(request, ControlJson.Default.ControlRequest), (byte)'\n'];
            await socket.SendAsync(line, patience.Token).ConfigureAwait(false);
            await using NetworkStream stream = new(socket);
            return await JsonSerializer.DeserializeAsync(stream, ControlJson.Default.ControlAnswer, patience.Token).ConfigureAwait(false) ?? throw new JsonException();
        }
        catch (SocketException)
        {
            throw new StopException(ExitCode.Failed, $"no appliance runs on '{folder}': nobody listens at {ControlSocket.Name}");
        }
        catch (Exception e) when (e is JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new StopException(ExitCode.Failed, $"the appliance on '{folder}' did not answer");
        }
    }
}
