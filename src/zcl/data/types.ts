/**
 * The fields of every cluster command by cluster id and name, as `decodeZcl` gives and `encodeCommand` takes them: types
 * alone, nothing at run time. Written by `scripts/zcl-clusters.ts`.
 */
export interface ClusterCommands {
  /** Basic */
  0x0000: {
    ResetToFactoryDefaults: Record<never, never>;
  };
  /** Identify */
  0x0003: {
    Identify: { identifyTime: number };
    IdentifyQuery: Record<never, never>;
    TriggerEffect: { effectIdentifier: number; effectVariant: number };
    IdentifyQueryResponse: { timeout: number };
  };
  /** OTA Upgrade */
  0x0019: {
    QueryNextImageRequest: {
      fieldControl: number;
      manufacturerCode: number;
      imageType: number;
      currentFileVersion: number;
      hardwareVersion?: number;
    };
    ImageBlockRequest: {
      fieldControl: number;
      manufacturerCode: number;
      imageType: number;
      fileVersion: number;
      fileOffset: number;
      maximumDataSize: number;
      requestNodeAddress?: string;
      minimumBlockPeriod?: number;
    };
    ImagePageRequest: {
      fieldControl: number;
      manufacturerCode: number;
      imageType: number;
      fileVersion: number;
      fileOffset: number;
      maximumDataSize: number;
      pageSize: number;
      responseSpacing: number;
      requestNodeAddress?: string;
    };
    UpgradeEndRequest: { status: number; manufacturerCode: number; imageType: number; fileVersion: number };
    QuerySpecificFileRequest: {
      requestNodeAddress: string;
      manufacturerCode: number;
      imageType: number;
      fileVersion: number;
      currentZigbeeStackVersion: number;
    };
    ImageNotify: {
      payloadType: number;
      queryJitter: number;
      manufacturerCode?: number;
      imageType?: number;
      newFileVersion?: number;
    };
    QueryNextImageResponse: {
      status: number;
      manufacturerCode?: number;
      imageType?: number;
      fileVersion?: number;
      imageSize?: number;
    };
    ImageBlockResponse: {
      status: number;
      manufacturerCode?: number;
      imageType?: number;
      fileVersion?: number;
      fileOffset?: number;
      dataSize?: number;
      imageData?: Uint8Array;
      currentTime?: number;
      requestTime?: number;
      minimumBlockPeriod?: number;
    };
    UpgradeEndResponse: {
      manufacturerCode: number;
      imageType: number;
      fileVersion: number;
      currentTime: number;
      upgradeTime: number;
    };
    QuerySpecificFileResponse: {
      status: number;
      manufacturerCode?: number;
      imageType?: number;
      fileVersion?: number;
      imageSize?: number;
    };
  };
  /** Price */
  0x0700: {
    GetCurrentPrice: { commandOptions: number };
    GetScheduledPrices: { startTime: number; numberOfEvents: number };
    PriceAcknowledgement: {
      providerId: number;
      issuerEventId: number;
      priceAckTime: number;
      control: number;
    };
    GetBlockPeriods: { startTime: number; numberOfEvents: number; tariffType?: number };
    GetConversionFactor: { earliestStartTime: number; minIssuerEventId: number; numberOfCommands: number };
    GetCalorificValue: { earliestStartTime: number; minIssuerEventId: number; numberOfCommands: number };
    GetTariffInformation: {
      earliestStartTime: number;
      minIssuerEventId: number;
      numberOfCommands: number;
      tariffType?: number;
    };
    GetPriceMatrix: { issuerTariffId: number };
    GetBlockThresholds: { issuerTariffId: number };
    GetCO2Value: {
      earliestStartTime: number;
      minIssuerEventId: number;
      numberOfCommands: number;
      tariffType?: number;
    };
    GetTierLabels: { issuerTariffId: number };
    GetBillingPeriod: {
      earliestStartTime: number;
      minIssuerEventId: number;
      numberOfCommands: number;
      tariffType?: number;
    };
    GetConsolidatedBill: {
      earliestStartTime: number;
      minIssuerEventId: number;
      numberOfCommands: number;
      tariffType?: number;
    };
    CppEventResponse: { issuerEventId: number; cppAuth: number };
    GetCreditPayment: { latestEndTime: number; numberOfRecords: number };
    GetCurrencyConversion: Record<never, never>;
    GetTariffCancellation: Record<never, never>;
    PublishPrice: {
      providerId: number;
      rateLabel: Uint8Array | null;
      issuerEventId: number;
      currentTime: number;
      unitOfMeasure: number;
      currency: number;
      priceTrailingDigitAndPriceTier: number;
      numberOfPriceTiersAndRegisterTier: number;
      startTime: number;
      durationInMinutes: number;
      price: number;
      priceRatio?: number;
      generationPrice?: number;
      generationPriceRatio?: number;
      alternateCostDelivered?: number;
      alternateCostUnit?: number;
      alternateCostTrailingDigit?: number;
      numberOfBlockThresholds?: number;
      priceControl?: number;
      numberOfGenerationTiers?: number;
      generationTier?: number;
      extendedNumberOfPriceTiers?: number;
      extendedPriceTier?: number;
      extendedRegisterTier?: number;
    };
    PublishBlockPeriod: {
      providerId: number;
      issuerEventId: number;
      blockPeriodStartTime: number;
      blockPeriodDuration: number;
      blockPeriodControl: number;
      blockPeriodDurationType?: number;
      tariffType?: number;
      tariffResolutionPeriod?: number;
    };
    PublishConversionFactor: {
      issuerEventId: number;
      startTime: number;
      conversionFactor: number;
      conversionFactorTrailingDigit: number;
    };
    PublishCalorificValue: {
      issuerEventId: number;
      startTime: number;
      calorificValue: number;
      calorificValueUnit: number;
      calorificValueTrailingDigit: number;
    };
    PublishTariffInformation: {
      providerId: number;
      issuerEventId: number;
      issuerTariffId: number;
      startTime: number;
      tariffTypeChargingScheme: number;
      tariffLabel: Uint8Array | null;
      numberOfPriceTiersInUse: number;
      numberOfBlockThresholdsInUse: number;
      unitOfMeasure: number;
      currency: number;
      priceTrailingDigit: number;
      standingCharge: number;
      tierBlockMode: number;
      blockThresholdMultiplier: number;
      blockThresholdDivisor: number;
    };
    PublishPriceMatrix: {
      providerId: number;
      issuerEventId: number;
      startTime: number;
      issuerTariffId: number;
      commandIndex: number;
      numberOfCommands: number;
      subPayloadControl: number;
      priceMatrix: readonly { tierBlockId: number; price: number }[];
    };
    PublishBlockThresholds: {
      providerId: number;
      issuerEventId: number;
      startTime: number;
      issuerTariffId: number;
      commandIndex: number;
      numberOfCommands: number;
      subPayloadControl: number;
      blockThresholds: readonly { tierNumberOfBlockThresholds: number; thresholds: readonly number[] }[];
    };
    PublishCO2Value: {
      providerId: number;
      issuerEventId: number;
      startTime: number;
      tariffType: number;
      cO2Value: number;
      cO2ValueUnit: number;
      cO2ValueTrailingDigit: number;
    };
    PublishTierLabels: {
      providerId: number;
      issuerEventId: number;
      issuerTariffId: number;
      commandIndex: number;
      numberOfCommands: number;
      numberOfLabels?: number;
      labels: readonly { tierId: number; tierLabel: Uint8Array | null }[];
    };
    PublishBillingPeriod: {
      providerId: number;
      issuerEventId: number;
      billingPeriodStartTime: number;
      billingPeriodDuration: number;
      billingPeriodDurationType: number;
      tariffType: number;
    };
    PublishConsolidatedBill: {
      providerId: number;
      issuerEventId: number;
      billingPeriodStartTime: number;
      billingPeriodDuration: number;
      billingPeriodDurationType: number;
      tariffType: number;
      consolidatedBill: number;
      currency: number;
      billTrailingDigit: number;
    };
    PublishCppEvent: {
      providerId: number;
      issuerEventId: number;
      startTime: number;
      durationInMinutes: number;
      tariffType: number;
      cppPriceTier: number;
      cppAuth: number;
    };
    PublishCreditPayment: {
      providerId: number;
      issuerEventId: number;
      creditPaymentDueDate: number;
      creditPaymentOverDueAmount: number;
      creditPaymentStatus: number;
      creditPayment: number;
      creditPaymentDate: number;
      creditPaymentRef: Uint8Array | null;
    };
    PublishCurrencyConversion: {
      providerId: number;
      issuerEventId: number;
      startTime: number;
      oldCurrency: number;
      newCurrency: number;
      conversionFactor: number;
      conversionFactorTrailingDigit: number;
      currencyChangeControlFlags: number;
    };
    CancelTariff: { providerId: number; issuerTariffId: number; tariffType: number };
  };
  /** Demand Response and Load Control */
  0x0701: {
    ReportEventStatus: {
      issuerEventId: number;
      eventStatus: number;
      eventStatusTime: number;
      criticalityLevelApplied: number;
      coolingTemperatureSetPointApplied: number;
      heatingTemperatureSetPointApplied: number;
      averageLoadAdjustmentPercentageApplied: number;
      dutyCycleApplied: number;
      eventControl: number;
      signatureType?: number;
      signature?: Uint8Array;
    };
    GetScheduledEvents: { startTime: number; numberOfEvents: number; issuerEventId?: number };
    LoadControlEvent: {
      issuerEventId: number;
      deviceClass: number;
      utilityEnrollmentGroup: number;
      startTime: number;
      durationInMinutes: number;
      criticalityLevel: number;
      coolingTemperatureOffset: number;
      heatingTemperatureOffset: number;
      coolingTemperatureSetPoint: number;
      heatingTemperatureSetPoint: number;
      averageLoadAdjustmentPercentage: number;
      dutyCycle: number;
      eventControl: number;
    };
    CancelLoadControlEvent: {
      issuerEventId: number;
      deviceClass: number;
      utilityEnrollmentGroup: number;
      cancelControl: number;
      effectiveTime: number;
    };
    CancelAllLoadControlEvents: { cancelControl: number };
  };
  /** Metering */
  0x0702: {
    GetProfile: { intervalChannel: number; endTime: number; numberOfPeriods: number };
    RequestMirrorResponse: { endpointId: number };
    MirrorRemoved: { endpointId: number };
    RequestFastPollMode: { fastPollUpdatePeriod: number; duration: number };
    ScheduleSnapshot: {
      issuerEventId: number;
      commandIndex: number;
      totalNumberOfCommands: number;
      snapshotSchedules: readonly {
        snapshotScheduleId: number;
        snapshotStartTime: number;
        snapshotSchedule: number;
        snapshotPayloadType: number;
        snapshotCause: number;
      }[];
    };
    TakeSnapshot: { snapshotCause: number };
    GetSnapshot: {
      earliestStartTime: number;
      latestEndTime: number;
      snapshotOffset: number;
      snapshotCause: number;
    };
    StartSampling: {
      issuerEventId: number;
      startSamplingTime: number;
      sampleType: number;
      sampleRequestInterval: number;
      maxNumberOfSamples: number;
    };
    GetSampledData: {
      sampleId: number;
      earliestSampleTime: number;
      sampleType: number;
      numberOfSamples: number;
    };
    MirrorReportAttributeResponse: { notificationScheme: number; notificationFlags: readonly number[] };
    ResetLoadLimitCounter: { providerId: number; issuerEventId: number };
    ChangeSupply: {
      providerId: number;
      issuerEventId: number;
      requestDateTime: number;
      implementationDateTime: number;
      proposedSupplyStatus: number;
      supplyControlBits: number;
    };
    LocalChangeSupply: { proposedSupplyStatus: number };
    SetSupplyStatus: {
      issuerEventId: number;
      supplyTamperState: number;
      supplyDepletionState: number;
      supplyUncontrolledFlowState: number;
      loadLimitSupplyState: number;
    };
    SetUncontrolledFlowThreshold: {
      providerId: number;
      issuerEventId: number;
      uncontrolledFlowThreshold: number;
      unitOfMeasure: number;
      multiplier: number;
      divisor: number;
      stabilisationPeriod: number;
      measurementPeriod: number;
    };
    GetProfileResponse: {
      endTime: number;
      status: number;
      profileIntervalPeriod: number;
      numberOfPeriodsDelivered?: number;
      intervals: readonly number[];
    };
    RequestMirror: Record<never, never>;
    RemoveMirror: Record<never, never>;
    RequestFastPollModeResponse: { appliedUpdatePeriod: number; fastPollModeEndtime: number };
    ScheduleSnapshotResponse: {
      issuerEventId: number;
      snapshotResponses: readonly { snapshotScheduleId: number; snapshotScheduleConfirmation: number }[];
    };
    TakeSnapshotResponse: { snapshotId: number; snapshotConfirmation: number };
    PublishSnapshot: {
      snapshotId: number;
      snapshotTime: number;
      totalSnapshotsFound: number;
      commandIndex: number;
      totalCommands: number;
      snapshotCause: number;
      snapshotPayloadType: number;
      snapshotPayload:
        | {
            currentSummation: number;
            billToDate: number;
            billToDateTimeStamp: number;
            projectedBill: number;
            projectedBillTimeStamp: number;
            billTrailingDigit: number;
            numberOfTiersInUse?: number;
            tierSummations: readonly number[];
          }
        | {
            currentSummation: number;
            billToDate: number;
            billToDateTimeStamp: number;
            projectedBill: number;
            projectedBillTimeStamp: number;
            billTrailingDigit: number;
            numberOfTiersInUse?: number;
            tierSummations: readonly number[];
            numberOfTiersAndBlockThresholdsInUse: number;
            tierBlockSummations: readonly number[];
          }
        | { currentSummation: number; numberOfTiersInUse?: number; tierSummations: readonly number[] }
        | {
            currentSummation: number;
            numberOfTiersInUse?: number;
            tierSummations: readonly number[];
            numberOfTiersAndBlockThresholdsInUse: number;
            tierBlockSummations: readonly number[];
          }
        | Record<never, never>
        | Uint8Array;
    };
    GetSampledDataResponse: {
      sampleId: number;
      sampleStartTime: number;
      sampleType: number;
      sampleRequestInterval: number;
      numberOfSamples?: number;
      samples: readonly number[];
    };
    ConfigureMirror: {
      issuerEventId: number;
      reportingInterval: number;
      mirrorNotificationReporting: boolean | null;
      notificationScheme: number;
    };
    ConfigureNotificationScheme: {
      issuerEventId: number;
      notificationScheme: number;
      notificationFlagOrder: number;
    };
    ConfigureNotificationFlags: {
      issuerEventId: number;
      notificationScheme: number;
      notificationFlagAttributeId: number;
      clusterId: number;
      manufacturerCode: number;
      numberOfCommands?: number;
      commandIds: readonly number[];
    };
    GetNotifiedMessage: {
      notificationScheme: number;
      notificationFlagAttributeId: number;
      notificationFlags: number;
    };
    SupplyStatusResponse: {
      providerId: number;
      issuerEventId: number;
      implementationDateTime: number;
      supplyStatus: number;
    };
    StartSamplingResponse: { sampleId: number };
  };
  /** Messaging */
  0x0703: {
    GetLastMessage: Record<never, never>;
    MessageConfirmation: {
      messageId: number;
      confirmationTime: number;
      messageConfirmationControl?: number;
      messageResponse?: Uint8Array | null;
    };
    GetMessageCancellation: { earliestImplementationTime: number };
    DisplayMessage: {
      messageId: number;
      messageControl: number;
      startTime: number;
      durationInMinutes: number;
      message: string | Uint8Array | null;
      extendedMessageControl?: number;
    };
    CancelMessage: { messageId: number; messageControl: number };
    DisplayProtectedMessage: {
      messageId: number;
      messageControl: number;
      startTime: number;
      durationInMinutes: number;
      message: string | Uint8Array | null;
      extendedMessageControl?: number;
    };
    CancelAllMessages: { implementationDateTime: number };
  };
  /** Tunneling */
  0x0704: {
    RequestTunnel: {
      protocolId: number;
      manufacturerCode: number;
      flowControlSupport: boolean | null;
      maximumIncomingTransferSize: number;
    };
    CloseTunnel: { tunnelId: number };
    TransferData: { tunnelId: number; data: Uint8Array };
    TransferDataError: { tunnelId: number; transferDataStatus: number };
    AckTransferData: { tunnelId: number; numberOfBytesLeft: number };
    ReadyData: { tunnelId: number; numberOfOctetsLeft: number };
    GetSupportedTunnelProtocols: { protocolOffset: number };
    RequestTunnelResponse: { tunnelId: number; tunnelStatus: number; maximumIncomingTransferSize: number };
    SupportedTunnelProtocolsResponse: {
      protocolListComplete: boolean | null;
      protocolCount?: number;
      protocols: readonly { manufacturerCode: number; protocolId: number }[];
    };
    TunnelClosureNotification: { tunnelId: number };
  };
  /** Prepayment */
  0x0705: {
    SelectAvailableEmergencyCredit: { commandIssueDateTime: number; originatingDevice: number };
    ChangeDebt: {
      issuerEventId: number;
      debtLabel: Uint8Array | null;
      debtAmount: number;
      debtRecoveryMethod: number;
      debtAmountType: number;
      debtRecoveryStartTime: number;
      debtRecoveryCollectionTime: number;
      debtRecoveryFrequency: number;
      debtRecoveryAmount: number;
      debtRecoveryBalancePercentage: number;
    };
    EmergencyCreditSetup: {
      issuerEventId: number;
      startTime: number;
      emergencyCreditLimit: number;
      emergencyCreditThreshold: number;
    };
    ConsumerTopUp: { originatingDevice: number; topUpCode: Uint8Array | null };
    CreditAdjustment: {
      issuerEventId: number;
      startTime: number;
      creditAdjustmentType: number;
      creditAdjustmentValue: number;
    };
    ChangePaymentMode: {
      providerId: number;
      issuerEventId: number;
      implementationDateTime: number;
      proposedPaymentControlConfiguration: number;
      cutOffValue: number;
    };
    GetPrepaySnapshot: {
      earliestStartTime: number;
      latestEndTime: number;
      snapshotOffset: number;
      snapshotCause: number;
    };
    GetTopUpLog: { latestEndTime: number; numberOfRecords: number };
    SetLowCreditWarningLevel: { lowCreditWarningLevel: number };
    GetDebtRepaymentLog: { latestEndTime: number; numberOfDebts: number; debtType: number };
    SetMaximumCreditLimit: {
      providerId: number;
      issuerEventId: number;
      implementationDateTime: number;
      maximumCreditLevel: number;
      maximumCreditPerTopUp: number;
    };
    SetOverallDebtCap: {
      providerId: number;
      issuerEventId: number;
      implementationDateTime: number;
      overallDebtCap: number;
    };
    PublishPrepaySnapshot: {
      snapshotId: number;
      snapshotTime: number;
      totalSnapshotsFound: number;
      commandIndex: number;
      totalNumberOfCommands: number;
      snapshotCause: number;
      snapshotPayloadType: number;
      snapshotPayload:
        | {
            accumulatedDebt: number;
            type1DebtRemaining: number;
            type2DebtRemaining: number;
            type3DebtRemaining: number;
            emergencyCreditRemaining: number;
            creditRemaining: number;
          }
        | Uint8Array;
    };
    ChangePaymentModeResponse: {
      friendlyCredit: number;
      friendlyCreditCalendarId: number;
      emergencyCreditLimit: number;
      emergencyCreditThreshold: number;
    };
    ConsumerTopUpResponse: {
      resultType: number;
      topUpValue: number;
      sourceOfTopUp: number;
      creditRemaining: number;
    };
    PublishTopUpLog: {
      commandIndex: number;
      totalNumberOfCommands: number;
      topUps: readonly { topUpCode: Uint8Array | null; topUpAmount: number; topUpTime: number }[];
    };
    PublishDebtLog: {
      commandIndex: number;
      totalNumberOfCommands: number;
      debts: readonly {
        collectionTime: number;
        amountCollected: number;
        debtType: number;
        outstandingDebt: number;
      }[];
    };
  };
  /** Energy Management */
  0x0706: {
    ManageEvent: {
      issuerEventId: number;
      deviceClass: number;
      utilityEnrollmentGroup: number;
      actionRequired: number;
    };
    ReportEventStatus: {
      issuerEventId: number;
      eventStatus: number;
      eventStatusTime: number;
      criticalityLevelApplied: number;
      coolingTemperatureSetPointApplied: number;
      heatingTemperatureSetPointApplied: number;
      averageLoadAdjustmentPercentageApplied: number;
      dutyCycleApplied: number;
      eventControl: number;
    };
  };
  /** Calendar */
  0x0707: {
    GetCalendar: {
      earliestStartTime: number;
      minIssuerEventId: number;
      numberOfCalendars: number;
      calendarType: number;
      providerId: number;
    };
    GetDayProfiles: {
      providerId: number;
      issuerCalendarId: number;
      startDayId: number;
      numberOfDays: number;
    };
    GetWeekProfiles: {
      providerId: number;
      issuerCalendarId: number;
      startWeekId: number;
      numberOfWeeks: number;
    };
    GetSeasons: { providerId: number; issuerCalendarId: number };
    GetSpecialDays: {
      startTime: number;
      numberOfEvents: number;
      calendarType: number;
      providerId: number;
      issuerCalendarId: number;
    };
    GetCalendarCancellation: Record<never, never>;
    PublishCalendar: {
      providerId: number;
      issuerEventId: number;
      issuerCalendarId: number;
      startTime: number;
      calendarType: number;
      calendarTimeReference: number;
      calendarName: Uint8Array | null;
      numberOfSeasons: number;
      numberOfWeekProfiles: number;
      numberOfDayProfiles: number;
    };
    PublishDayProfile: {
      providerId: number;
      issuerEventId: number;
      issuerCalendarId: number;
      dayId: number;
      totalNumberOfScheduleEntries: number;
      commandIndex: number;
      totalNumberOfCommands: number;
      calendarType: number;
      scheduleEntries: readonly { startTime: number; value: number }[];
    };
    PublishWeekProfile: {
      providerId: number;
      issuerEventId: number;
      issuerCalendarId: number;
      weekId: number;
      dayIdRefMonday: number;
      dayIdRefTuesday: number;
      dayIdRefWednesday: number;
      dayIdRefThursday: number;
      dayIdRefFriday: number;
      dayIdRefSaturday: number;
      dayIdRefSunday: number;
    };
    PublishSeasons: {
      providerId: number;
      issuerEventId: number;
      issuerCalendarId: number;
      commandIndex: number;
      totalNumberOfCommands: number;
      seasons: readonly { seasonStartDate: ZclDate; weekIdRef: number }[];
    };
    PublishSpecialDays: {
      providerId: number;
      issuerEventId: number;
      issuerCalendarId: number;
      startTime: number;
      calendarType: number;
      totalNumberOfSpecialDays: number;
      commandIndex: number;
      totalNumberOfCommands: number;
      specialDays: readonly { specialDayDate: ZclDate; dayIdRef: number }[];
    };
    CancelCalendar: { providerId: number; issuerCalendarId: number; calendarType: number };
  };
  /** Device Management */
  0x0708: {
    GetChangeOfTenancy: Record<never, never>;
    GetChangeOfSupplier: Record<never, never>;
    RequestNewPassword: { passwordType: number };
    GetSiteId: Record<never, never>;
    ReportEventConfiguration: {
      commandIndex: number;
      totalCommands: number;
      eventConfigurations: readonly { eventId: number; eventConfiguration: number }[];
    };
    GetCIN: Record<never, never>;
    PublishChangeOfTenancy: {
      providerId: number;
      issuerEventId: number;
      tariffType: number;
      implementationDateTime: number;
      proposedTenancyChangeControl: number;
    };
    PublishChangeOfSupplier: {
      currentProviderId: number;
      issuerEventId: number;
      tariffType: number;
      proposedProviderId: number;
      providerChangeImplementationTime: number;
      providerChangeControl: number;
      proposedProviderName: Uint8Array | null;
      proposedProviderContactDetails: Uint8Array | null;
    };
    RequestNewPasswordResponse: {
      issuerEventId: number;
      implementationDateTime: number;
      durationInMinutes: number;
      passwordType: number;
      password: Uint8Array | null;
    };
    UpdateSiteId: {
      issuerEventId: number;
      siteIdTime: number;
      providerId: number;
      siteId: Uint8Array | null;
    };
    SetEventConfiguration: {
      issuerEventId: number;
      startDateTime: number;
      eventConfiguration: number;
      configurationControl: number;
      eventConfigurationPayload:
        | { numberOfEvents?: number; eventIds: readonly number[] }
        | { eventGroupId: number }
        | { logId: number }
        | { configurationValueMatch: number }
        | Uint8Array;
    };
    GetEventConfiguration: { eventId: number };
    UpdateCIN: {
      issuerEventId: number;
      implementationTime: number;
      providerId: number;
      customerIdNumber: Uint8Array | null;
    };
  };
  /** Events */
  0x0709: {
    GetEventLog: {
      eventControlLogId: number;
      eventId: number;
      startTime: number;
      endTime: number;
      numberOfEvents: number;
      eventOffset: number;
    };
    ClearEventLogRequest: { logId: number };
    PublishEvent: {
      logId: number;
      eventId: number;
      eventTime: number;
      eventControl: number;
      eventData: Uint8Array | null;
    };
    PublishEventLog: {
      totalNumberOfEvents: number;
      commandIndex: number;
      totalCommands: number;
      logPayloadControl: number;
      events: readonly { logId: number; eventId: number; eventTime: number; eventData: Uint8Array | null }[];
    };
    ClearEventLogResponse: { clearedEventsLogs: number };
  };
  /** MDU Pairing */
  0x070a: {
    PairingRequest: { localPairingInformationVersion: number; eui64OfRequestingDevice: string };
    PairingResponse: {
      pairingInformationVersion: number;
      totalNumberOfDevices: number;
      commandIndex: number;
      totalNumberOfCommands: number;
      devices: readonly string[];
    };
  };
  /** Sub-GHz */
  0x070b: {
    GetSuspendZclMessagesStatus: Record<never, never>;
    SuspendZclMessages: { period: number };
  };
  /** Key Establishment */
  0x0800: {
    InitiateKeyEstablishmentRequest: {
      keyEstablishmentSuite: number;
      ephemeralDataGenerateTime: number;
      confirmKeyGenerateTime: number;
      identity: Uint8Array;
    };
    EphemeralDataRequest: { ephemeralData: Uint8Array };
    ConfirmKeyDataRequest: { secureMessageAuthenticationCode: Uint8Array };
    TerminateKeyEstablishment: { statusCode: number; waitTime: number; keyEstablishmentSuite: number };
    InitiateKeyEstablishmentResponse: {
      requestedKeyEstablishmentSuite: number;
      ephemeralDataGenerateTime: number;
      confirmKeyGenerateTime: number;
      identity: Uint8Array;
    };
    EphemeralDataResponse: { ephemeralData: Uint8Array };
    ConfirmKeyDataResponse: { secureMessageAuthenticationCode: Uint8Array };
  };
}

/** A date; null is a part that may be any (ZCL 2.6.2). */
export type ZclDate = {
  year: number | null;
  month: number | null;
  day: number | null;
  /** 1 for Monday. */
  weekday: number | null;
};
