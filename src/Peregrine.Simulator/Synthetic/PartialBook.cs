using Peregrine.Common;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Synthetic;

/// <summary>The best levels of a book, published in an interval when something changed.</summary>
internal sealed class PartialBook(FormedChannel[] channels, int levels, long intervalMillis, long phaseMillis)
{
    private long _dueMillis;
    private long _sent;

    public void PublishDue(SyntheticSymbol symbol, long nowMicros, long eventMicros, WireWriter writer)
    {
        long nowMillis = nowMicros / 1_000;
        if (nowMillis < _dueMillis || _sent == symbol.UpdateId) return;
        _dueMillis = nowMillis - ((nowMillis - phaseMillis) % intervalMillis) + intervalMillis;
        bool isSent = false;
        foreach (FormedChannel formed in channels)
        {
            if (!formed.IsWanted) continue;
            if (formed.Form == WireForm.Sbe)
                symbol.Sbe.Snapshot(writer, eventMicros, symbol.UpdateId, BookImage.Levels(symbol.Book, Side.Buy, levels), BookImage.Levels(symbol.Book, Side.Sell, levels));
            else Write(symbol, eventMicros / formed.Unit, writer);
            StreamHub.Publish(formed.Channel, writer.Written);
            isSent = true;
        }
        if (isSent) _sent = symbol.UpdateId;
    }

    private void Write(SyntheticSymbol symbol, long eventTime, WireWriter writer)
    {
        writer.Clear();
        if (symbol.IsSpot) writer.Raw("{\"lastUpdateId\":"u8).Number(symbol.UpdateId).Raw(",\"bids\":["u8);
        else
        {
            writer.Raw("{\"e\":\"depthUpdate\",\"E\":"u8).Number(eventTime).Raw(",\"T\":"u8).Number(eventTime).Raw(",\"s\":"u8).Text(symbol.Name)
                .Raw(",\"ps\":"u8).Text(symbol.Name).Raw(",\"U\":"u8).Number(Math.Min(_sent + 1, symbol.UpdateId)).Raw(",\"u\":"u8).Number(symbol.UpdateId)
                .Raw(",\"pu\":"u8).Number(_sent).Raw(",\"b\":["u8);
        }
        symbol.WriteLevels(Side.Buy, levels, writer);
        writer.Raw(symbol.IsSpot ? "],\"asks\":["u8 : "],\"a\":["u8);
        symbol.WriteLevels(Side.Sell, levels, writer);
        writer.Raw(symbol.IsSpot ? "]}"u8 : "],\"st\":1}"u8);
    }
}
