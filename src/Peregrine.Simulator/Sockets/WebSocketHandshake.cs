using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Peregrine.Simulator.Sockets;

/// <summary>The opening of a WebSocket (RFC 6455, section 4.2) down to the raw byte stream.</summary>
internal static class WebSocketHandshake
{
    /// <summary>Null when the request does not ask for a WebSocket.</summary>
    public static async Task<Stream?> AcceptAsync(HttpContext context)
    {
        IHttpUpgradeFeature? upgrade = context.Features.Get<IHttpUpgradeFeature>();
        string key = context.Request.Headers.SecWebSocketKey.ToString();
        if (upgrade is not { IsUpgradableRequest: true } || key.Length == 0) return null;
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.SecWebSocketAccept = AcceptText(key);
        return await upgrade.UpgradeAsync();
    }

#pragma warning disable CA5350 // The protocol's own constant, not a protection.
    private static string AcceptText(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
}
