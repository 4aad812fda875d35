namespace ElizaEngine.Local;

/// <summary>When it is asked whether a partition shall be saved.</summary>
internal enum SaveMoment
{
    /// <summary>Something was done to it.</summary>
    Now,

    /// <summary>From time to time.</summary>
    Later,

    /// <summary>It is released, or the database is closed.</summary>
    End,
}
