/**
 * The Smart Energy clusters: id, name, whether APS encryption with the link key is needed, and the commands, one a
 * line: `>` client to server or `<` server to client, id, name, the name of the answer, the fields in the notation of
 * `layout.ts`. Written by `scripts/zcl-clusters.ts`.
 */
export const CLUSTERS: readonly (readonly [
  id: number,
  name: string,
  security: "aps" | "network",
  commands: string,
])[] = [
  [
    0x0000,
    "Basic",
    "network",
    `
> 00 ResetToFactoryDefaults :
`,
  ],
  [
    0x0003,
    "Identify",
    "network",
    `
> 00 Identify : u16 identifyTime
> 01 IdentifyQuery / IdentifyQueryResponse :
> 40 TriggerEffect : e8 effectIdentifier, e8 effectVariant
< 00 IdentifyQueryResponse : u16 timeout
`,
  ],
  [0x000a, "Time", "aps", ``],
  [
    0x0019,
    "OTA Upgrade",
    "aps",
    `
> 01 QueryNextImageRequest / QueryNextImageResponse : m8 fieldControl, u16 manufacturerCode, u16 imageType, u32 currentFileVersion, u16 hardwareVersion{fieldControl&1}
> 03 ImageBlockRequest / ImageBlockResponse : m8 fieldControl, u16 manufacturerCode, u16 imageType, u32 fileVersion, u32 fileOffset, u8 maximumDataSize, eui64 requestNodeAddress{fieldControl&1}, u16 minimumBlockPeriod{fieldControl&2}
> 04 ImagePageRequest / ImageBlockResponse : m8 fieldControl, u16 manufacturerCode, u16 imageType, u32 fileVersion, u32 fileOffset, u8 maximumDataSize, u16 pageSize, u16 responseSpacing, eui64 requestNodeAddress{fieldControl&1}
> 06 UpgradeEndRequest / UpgradeEndResponse : e8:Status status, u16 manufacturerCode, u16 imageType, u32 fileVersion
> 08 QuerySpecificFileRequest / QuerySpecificFileResponse : eui64 requestNodeAddress, u16 manufacturerCode, u16 imageType, u32 fileVersion, u16 currentZigbeeStackVersion
< 00 ImageNotify / QueryNextImageRequest : e8:ImageNotifyPayloadType payloadType, u8 queryJitter, u16 manufacturerCode{payloadType>=1}, u16 imageType{payloadType>=2}, u32 newFileVersion{payloadType>=3}
< 02 QueryNextImageResponse : e8:Status status, u16 manufacturerCode{status=0}, u16 imageType{status=0}, u32 fileVersion{status=0}, u32 imageSize{status=0}
< 05 ImageBlockResponse : e8:Status status, u16 manufacturerCode{status=0}, u16 imageType{status=0}, u32 fileVersion{status=0}, u32 fileOffset{status=0}, u8 dataSize{status=0}, raw imageData*dataSize{status=0}, utc currentTime{status=151}, utc requestTime{status=151}, u16 minimumBlockPeriod{status=151}?
< 07 UpgradeEndResponse : u16 manufacturerCode, u16 imageType, u32 fileVersion, utc currentTime, utc upgradeTime
< 09 QuerySpecificFileResponse : e8:Status status, u16 manufacturerCode{status=0}, u16 imageType{status=0}, u32 fileVersion{status=0}, u32 imageSize{status=0}
`,
  ],
  [0x0025, "Keep-Alive", "aps", ``],
  [
    0x0700,
    "Price",
    "aps",
    `
> 00 GetCurrentPrice / PublishPrice : m8:AmiCommandOptions commandOptions
> 01 GetScheduledPrices / PublishPrice : utc startTime, u8 numberOfEvents
> 02 PriceAcknowledgement : u32 providerId, u32 issuerEventId, utc priceAckTime, m8:PriceControlMask control
> 03 GetBlockPeriods / PublishBlockPeriod : utc startTime, u8 numberOfEvents, m8:TariffType tariffType?
> 04 GetConversionFactor / PublishConversionFactor : utc earliestStartTime, u32 minIssuerEventId, u8 numberOfCommands
> 05 GetCalorificValue / PublishCalorificValue : utc earliestStartTime, u32 minIssuerEventId, u8 numberOfCommands
> 06 GetTariffInformation / PublishTariffInformation : utc earliestStartTime, u32 minIssuerEventId, u8 numberOfCommands, m8:TariffType tariffType?
> 07 GetPriceMatrix / PublishPriceMatrix : u32 issuerTariffId
> 08 GetBlockThresholds / PublishBlockThresholds : u32 issuerTariffId
> 09 GetCO2Value / PublishCO2Value : utc earliestStartTime, u32 minIssuerEventId, u8 numberOfCommands, m8:TariffType tariffType?
> 0A GetTierLabels / PublishTierLabels : u32 issuerTariffId
> 0B GetBillingPeriod / PublishBillingPeriod : utc earliestStartTime, u32 minIssuerEventId, u8 numberOfCommands, m8:TariffType tariffType?
> 0C GetConsolidatedBill / PublishConsolidatedBill : utc earliestStartTime, u32 minIssuerEventId, u8 numberOfCommands, m8:TariffType tariffType?
> 0D CppEventResponse : u32 issuerEventId, e8:CppEventResponseCppAuth cppAuth
> 0E GetCreditPayment / PublishCreditPayment : utc latestEndTime, u8 numberOfRecords
> 0F GetCurrencyConversion / PublishCurrencyConversion :
> 10 GetTariffCancellation / CancelTariff :
< 00 PublishPrice : u32 providerId, oct12 rateLabel, u32 issuerEventId, utc currentTime, e8:AmiUnitOfMeasure unitOfMeasure, u16 currency, m8:PriceTrailingDigitAndPriceTier priceTrailingDigitAndPriceTier, m8:PriceNumberOfPriceTiersAndRegisterTier numberOfPriceTiersAndRegisterTier, utc startTime, u16 durationInMinutes, u32 price, u8 priceRatio?, u32 generationPrice?, u8 generationPriceRatio?, u32 alternateCostDelivered?, e8:AlternateCostUnit alternateCostUnit?, m8:AlternateCostTrailingDigit alternateCostTrailingDigit?, u8 numberOfBlockThresholds?, m8:PriceControlMask priceControl?, u8 numberOfGenerationTiers?, e8:GenerationTier generationTier?, e8:ExtendedNumberOfPriceTiers extendedNumberOfPriceTiers?, e8:ExtendedPriceTier extendedPriceTier?, e8:ExtendedRegisterTier extendedRegisterTier?
< 01 PublishBlockPeriod : u32 providerId, u32 issuerEventId, utc blockPeriodStartTime, u24 blockPeriodDuration, m8:BlockPeriodControl blockPeriodControl, m8:BlockPeriodDurationType blockPeriodDurationType?, m8:TariffType tariffType?, e8:TariffResolutionPeriod tariffResolutionPeriod?
< 02 PublishConversionFactor : u32 issuerEventId, utc startTime, u32 conversionFactor, m8:ConversionFactorTrailingDigit conversionFactorTrailingDigit
< 03 PublishCalorificValue : u32 issuerEventId, utc startTime, u32 calorificValue, e8:CalorificValueUnit calorificValueUnit, m8:CalorificValueTrailingDigit calorificValueTrailingDigit
< 04 PublishTariffInformation : u32 providerId, u32 issuerEventId, u32 issuerTariffId, utc startTime, m8:TariffTypeChargingScheme tariffTypeChargingScheme, oct24 tariffLabel, u8 numberOfPriceTiersInUse, u8 numberOfBlockThresholdsInUse, e8:AmiUnitOfMeasure unitOfMeasure, u16 currency, m8:PriceTrailingDigit priceTrailingDigit, u32 standingCharge, e8:TierBlockMode tierBlockMode, u24 blockThresholdMultiplier, u24 blockThresholdDivisor
< 05 PublishPriceMatrix : u32 providerId, u32 issuerEventId, utc startTime, u32 issuerTariffId, u8 commandIndex, u8 numberOfCommands, m8:PriceMatrixSubPayloadControl subPayloadControl, [u8 tierBlockId, u32 price] priceMatrix*
< 06 PublishBlockThresholds : u32 providerId, u32 issuerEventId, utc startTime, u32 issuerTariffId, u8 commandIndex, u8 numberOfCommands, m8:BlockThresholdSubPayloadControl subPayloadControl, [m8:TierNumberOfBlockThresholds tierNumberOfBlockThresholds, u48 thresholds*tierNumberOfBlockThresholds&15] blockThresholds*
< 07 PublishCO2Value : u32 providerId, u32 issuerEventId, utc startTime, m8:TariffType tariffType, u32 cO2Value, e8:CO2Unit cO2ValueUnit, m8:CO2TrailingDigit cO2ValueTrailingDigit
< 08 PublishTierLabels : u32 providerId, u32 issuerEventId, u32 issuerTariffId, u8 commandIndex, u8 numberOfCommands, u8 numberOfLabels, [u8 tierId, oct12 tierLabel] labels*numberOfLabels
< 09 PublishBillingPeriod : u32 providerId, u32 issuerEventId, utc billingPeriodStartTime, u24 billingPeriodDuration, m8:BillingPeriodDurationType billingPeriodDurationType, m8:TariffType tariffType
< 0A PublishConsolidatedBill : u32 providerId, u32 issuerEventId, utc billingPeriodStartTime, u24 billingPeriodDuration, m8:BillingPeriodDurationType billingPeriodDurationType, m8:TariffType tariffType, u32 consolidatedBill, u16 currency, m8:BillTrailingDigit billTrailingDigit
< 0B PublishCppEvent / CppEventResponse : u32 providerId, u32 issuerEventId, utc startTime, u16 durationInMinutes, m8:TariffType tariffType, e8:CppPriceTier cppPriceTier, e8:PublishCppEventCppAuth cppAuth
< 0C PublishCreditPayment : u32 providerId, u32 issuerEventId, utc creditPaymentDueDate, u32 creditPaymentOverDueAmount, e8:CreditPaymentStatus creditPaymentStatus, u32 creditPayment, utc creditPaymentDate, oct20 creditPaymentRef
< 0D PublishCurrencyConversion : u32 providerId, u32 issuerEventId, utc startTime, u16 oldCurrency, u16 newCurrency, u32 conversionFactor, m8:ConversionFactorTrailingDigit conversionFactorTrailingDigit, m32:CurrencyChangeControl currencyChangeControlFlags
< 0E CancelTariff : u32 providerId, u32 issuerTariffId, m8:TariffType tariffType
`,
  ],
  [
    0x0701,
    "Demand Response and Load Control",
    "aps",
    `
> 00 ReportEventStatus : u32 issuerEventId, e8:AmiEventStatus eventStatus, utc eventStatusTime, e8:AmiCriticalityLevel criticalityLevelApplied, i16 coolingTemperatureSetPointApplied, i16 heatingTemperatureSetPointApplied, i8 averageLoadAdjustmentPercentageApplied, u8 dutyCycleApplied, m8:AmiEventControl eventControl, e8:SignatureType signatureType?, raw42 signature?
> 01 GetScheduledEvents / LoadControlEvent : utc startTime, u8 numberOfEvents, u32 issuerEventId?
< 00 LoadControlEvent / ReportEventStatus : u32 issuerEventId, m16:AmiDeviceClass deviceClass, u8 utilityEnrollmentGroup, utc startTime, u16 durationInMinutes, e8:AmiCriticalityLevel criticalityLevel, u8 coolingTemperatureOffset, u8 heatingTemperatureOffset, i16 coolingTemperatureSetPoint, i16 heatingTemperatureSetPoint, i8 averageLoadAdjustmentPercentage, u8 dutyCycle, m8:AmiEventControl eventControl
< 01 CancelLoadControlEvent / ReportEventStatus : u32 issuerEventId, m16:AmiDeviceClass deviceClass, u8 utilityEnrollmentGroup, m8:AmiCancelControl cancelControl, utc effectiveTime
< 02 CancelAllLoadControlEvents / ReportEventStatus : m8:AmiCancelControl cancelControl
`,
  ],
  [
    0x0702,
    "Metering",
    "aps",
    `
> 00 GetProfile / GetProfileResponse : e8:AmiIntervalChannel intervalChannel, utc endTime, u8 numberOfPeriods
> 01 RequestMirrorResponse : u16 endpointId
> 02 MirrorRemoved : u16 endpointId
> 03 RequestFastPollMode / RequestFastPollModeResponse : u8 fastPollUpdatePeriod, u8 duration
> 04 ScheduleSnapshot / ScheduleSnapshotResponse : u32 issuerEventId, u8 commandIndex, u8 totalNumberOfCommands, [u8 snapshotScheduleId, utc snapshotStartTime, m24:SnapshotSchedule snapshotSchedule, e8:SnapshotPayloadType snapshotPayloadType, m32:SnapshotCause snapshotCause] snapshotSchedules*
> 05 TakeSnapshot / TakeSnapshotResponse : m32:SnapshotCause snapshotCause
> 06 GetSnapshot / PublishSnapshot : utc earliestStartTime, utc latestEndTime, u8 snapshotOffset, m32:SnapshotCause snapshotCause
> 07 StartSampling / StartSamplingResponse : u32 issuerEventId, utc startSamplingTime, e8:SampleType sampleType, u16 sampleRequestInterval, u16 maxNumberOfSamples
> 08 GetSampledData / GetSampledDataResponse : u16 sampleId, utc earliestSampleTime, e8:SampleType sampleType, u16 numberOfSamples
> 09 MirrorReportAttributeResponse : e8:NotificationScheme notificationScheme, m32 notificationFlags*
> 0A ResetLoadLimitCounter : u32 providerId, u32 issuerEventId
> 0B ChangeSupply / SupplyStatusResponse : u32 providerId, u32 issuerEventId, utc requestDateTime, utc implementationDateTime, e8:MeteringSupplyStatus proposedSupplyStatus, m8:SupplyControlBits supplyControlBits
> 0C LocalChangeSupply : e8:ProposedSupplyStatus proposedSupplyStatus
> 0D SetSupplyStatus : u32 issuerEventId, e8:SupplyStatus supplyTamperState, e8:SupplyStatus supplyDepletionState, e8:SupplyStatus supplyUncontrolledFlowState, e8:SupplyStatus loadLimitSupplyState
> 0E SetUncontrolledFlowThreshold : u32 providerId, u32 issuerEventId, u16 uncontrolledFlowThreshold, e8:AmiUnitOfMeasure unitOfMeasure, u16 multiplier, u16 divisor, u8 stabilisationPeriod, u16 measurementPeriod
< 00 GetProfileResponse : utc endTime, e8:GetProfileStatus status, e8:ProfileIntervalPeriod profileIntervalPeriod, u8 numberOfPeriodsDelivered, u24 intervals*numberOfPeriodsDelivered
< 01 RequestMirror / RequestMirrorResponse :
< 02 RemoveMirror / MirrorRemoved :
< 03 RequestFastPollModeResponse : u8 appliedUpdatePeriod, utc fastPollModeEndtime
< 04 ScheduleSnapshotResponse : u32 issuerEventId, [u8 snapshotScheduleId, e8:SnapshotScheduleConfirmation snapshotScheduleConfirmation] snapshotResponses*
< 05 TakeSnapshotResponse : u32 snapshotId, e8:SnapshotConfirmation snapshotConfirmation
< 06 PublishSnapshot : u32 snapshotId, utc snapshotTime, u8 totalSnapshotsFound, u8 commandIndex, u8 totalCommands, m32:SnapshotCause snapshotCause, e8:SnapshotPayloadType snapshotPayloadType, (snapshotPayloadType 0,1: u48 currentSummation, u32 billToDate, utc billToDateTimeStamp, u32 projectedBill, utc projectedBillTimeStamp, m8 billTrailingDigit, u8 numberOfTiersInUse, u48 tierSummations*numberOfTiersInUse; 2,3: u48 currentSummation, u32 billToDate, utc billToDateTimeStamp, u32 projectedBill, utc projectedBillTimeStamp, m8 billTrailingDigit, u8 numberOfTiersInUse, u48 tierSummations*numberOfTiersInUse, m8:TierAndBlocksInUse numberOfTiersAndBlockThresholdsInUse, u48 tierBlockSummations*; 4,5: u48 currentSummation, u8 numberOfTiersInUse, u48 tierSummations*numberOfTiersInUse; 6,7: u48 currentSummation, u8 numberOfTiersInUse, u48 tierSummations*numberOfTiersInUse, m8:TierAndBlocksInUse numberOfTiersAndBlockThresholdsInUse, u48 tierBlockSummations*; 128: ;) snapshotPayload
< 07 GetSampledDataResponse : u16 sampleId, utc sampleStartTime, e8:SampleType sampleType, u16 sampleRequestInterval, u16 numberOfSamples, u24 samples*numberOfSamples
< 08 ConfigureMirror : u32 issuerEventId, u24 reportingInterval, bool mirrorNotificationReporting, e8:NotificationScheme notificationScheme
< 09 ConfigureNotificationScheme : u32 issuerEventId, e8:NotificationScheme notificationScheme, m32 notificationFlagOrder
< 0A ConfigureNotificationFlags : u32 issuerEventId, e8:NotificationScheme notificationScheme, u16 notificationFlagAttributeId, u16 clusterId, u16 manufacturerCode, u8 numberOfCommands, u8 commandIds*numberOfCommands
< 0B GetNotifiedMessage : e8:NotificationScheme notificationScheme, u16 notificationFlagAttributeId, m32 notificationFlags
< 0C SupplyStatusResponse : u32 providerId, u32 issuerEventId, utc implementationDateTime, e8:MeteringSupplyStatus supplyStatus
< 0D StartSamplingResponse : u16 sampleId
`,
  ],
  [
    0x0703,
    "Messaging",
    "aps",
    `
> 00 GetLastMessage / DisplayMessage :
> 01 MessageConfirmation : u32 messageId, utc confirmationTime, m8:MessagingConfirmationControl messageConfirmationControl?, oct20 messageResponse?
> 02 GetMessageCancellation / CancelAllMessages : utc earliestImplementationTime
< 00 DisplayMessage / MessageConfirmation : u32 messageId, m8:MessagingControlMask messageControl, utc startTime, u16 durationInMinutes, str message, m8:MessagingExtendedControlMask extendedMessageControl?
< 01 CancelMessage : u32 messageId, m8:MessagingControlMask messageControl
< 02 DisplayProtectedMessage / MessageConfirmation : u32 messageId, m8:MessagingControlMask messageControl, utc startTime, u16 durationInMinutes, str message, m8:MessagingExtendedControlMask extendedMessageControl?
< 03 CancelAllMessages : utc implementationDateTime
`,
  ],
  [
    0x0704,
    "Tunneling",
    "aps",
    `
> 00 RequestTunnel / RequestTunnelResponse : e8:TunnelingProtocolId protocolId, u16 manufacturerCode, bool flowControlSupport, u16 maximumIncomingTransferSize
> 01 CloseTunnel : u16 tunnelId
> 02 TransferData : u16 tunnelId, raw data*
> 03 TransferDataError : u16 tunnelId, e8:TunnelingTransferDataStatus transferDataStatus
> 04 AckTransferData : u16 tunnelId, u16 numberOfBytesLeft
> 05 ReadyData : u16 tunnelId, u16 numberOfOctetsLeft
> 06 GetSupportedTunnelProtocols / SupportedTunnelProtocolsResponse : u8 protocolOffset
< 00 RequestTunnelResponse : u16 tunnelId, e8:TunnelingTunnelStatus tunnelStatus, u16 maximumIncomingTransferSize
< 01 TransferData : u16 tunnelId, raw data*
< 02 TransferDataError : u16 tunnelId, e8:TunnelingTransferDataStatus transferDataStatus
< 03 AckTransferData : u16 tunnelId, u16 numberOfBytesLeft
< 04 ReadyData : u16 tunnelId, u16 numberOfOctetsLeft
< 05 SupportedTunnelProtocolsResponse : bool protocolListComplete, u8 protocolCount, [u16 manufacturerCode, e8:TunnelingProtocolId protocolId] protocols*protocolCount
< 06 TunnelClosureNotification : u16 tunnelId
`,
  ],
  [
    0x0705,
    "Prepayment",
    "aps",
    `
> 00 SelectAvailableEmergencyCredit : utc commandIssueDateTime, e8:OriginatingDevice originatingDevice
> 02 ChangeDebt : u32 issuerEventId, oct12 debtLabel, i32 debtAmount, e8:DebtRecoveryMethod debtRecoveryMethod, e8:DebtAmountType debtAmountType, utc debtRecoveryStartTime, u16 debtRecoveryCollectionTime, e8:DebtRecoveryFrequency debtRecoveryFrequency, i32 debtRecoveryAmount, u16 debtRecoveryBalancePercentage
> 03 EmergencyCreditSetup : u32 issuerEventId, utc startTime, u32 emergencyCreditLimit, u32 emergencyCreditThreshold
> 04 ConsumerTopUp / ConsumerTopUpResponse : e8:OriginatingDevice originatingDevice, oct25 topUpCode
> 05 CreditAdjustment : u32 issuerEventId, utc startTime, e8:CreditAdjustmentType creditAdjustmentType, i32 creditAdjustmentValue
> 06 ChangePaymentMode / ChangePaymentModeResponse : u32 providerId, u32 issuerEventId, utc implementationDateTime, m16:PaymentControlConfiguration proposedPaymentControlConfiguration, i32 cutOffValue
> 07 GetPrepaySnapshot / PublishPrepaySnapshot : utc earliestStartTime, utc latestEndTime, u8 snapshotOffset, m32:PrepaySnapshotPayloadCause snapshotCause
> 08 GetTopUpLog / PublishTopUpLog : utc latestEndTime, u8 numberOfRecords
> 09 SetLowCreditWarningLevel : u32 lowCreditWarningLevel
> 0A GetDebtRepaymentLog / PublishDebtLog : utc latestEndTime, u8 numberOfDebts, e8:RepaymentDebtType debtType
> 0B SetMaximumCreditLimit : u32 providerId, u32 issuerEventId, utc implementationDateTime, u32 maximumCreditLevel, u32 maximumCreditPerTopUp
> 0C SetOverallDebtCap : u32 providerId, u32 issuerEventId, utc implementationDateTime, i32 overallDebtCap
< 01 PublishPrepaySnapshot : u32 snapshotId, utc snapshotTime, u8 totalSnapshotsFound, u8 commandIndex, u8 totalNumberOfCommands, m32:PrepaySnapshotPayloadCause snapshotCause, e8:PrepaySnapshotPayloadType snapshotPayloadType, (snapshotPayloadType 0: i32 accumulatedDebt, u32 type1DebtRemaining, u32 type2DebtRemaining, u32 type3DebtRemaining, i32 emergencyCreditRemaining, i32 creditRemaining;) snapshotPayload
< 02 ChangePaymentModeResponse : m8:FriendlyCredit friendlyCredit, u32 friendlyCreditCalendarId, u32 emergencyCreditLimit, u32 emergencyCreditThreshold
< 03 ConsumerTopUpResponse : e8:ResultType resultType, i32 topUpValue, e8:OriginatingDevice sourceOfTopUp, i32 creditRemaining
< 05 PublishTopUpLog : u8 commandIndex, u8 totalNumberOfCommands, [oct25 topUpCode, i32 topUpAmount, utc topUpTime] topUps*
< 06 PublishDebtLog : u8 commandIndex, u8 totalNumberOfCommands, [utc collectionTime, u32 amountCollected, e8:RepaymentDebtType debtType, u32 outstandingDebt] debts*
`,
  ],
  [
    0x0706,
    "Energy Management",
    "aps",
    `
> 00 ManageEvent / ReportEventStatus : u32 issuerEventId, m16:AmiDeviceClass deviceClass, u8 utilityEnrollmentGroup, u8 actionRequired
< 00 ReportEventStatus : u32 issuerEventId, e8:AmiEventStatus eventStatus, utc eventStatusTime, e8:AmiCriticalityLevel criticalityLevelApplied, i16 coolingTemperatureSetPointApplied, i16 heatingTemperatureSetPointApplied, i8 averageLoadAdjustmentPercentageApplied, u8 dutyCycleApplied, m8:AmiEventControl eventControl
`,
  ],
  [
    0x0707,
    "Calendar",
    "aps",
    `
> 00 GetCalendar / PublishCalendar : utc earliestStartTime, u32 minIssuerEventId, u8 numberOfCalendars, e8:CalendarType calendarType, u32 providerId
> 01 GetDayProfiles / PublishDayProfile : u32 providerId, u32 issuerCalendarId, u8 startDayId, u8 numberOfDays
> 02 GetWeekProfiles / PublishWeekProfile : u32 providerId, u32 issuerCalendarId, u8 startWeekId, u8 numberOfWeeks
> 03 GetSeasons / PublishSeasons : u32 providerId, u32 issuerCalendarId
> 04 GetSpecialDays / PublishSpecialDays : utc startTime, u8 numberOfEvents, e8:CalendarType calendarType, u32 providerId, u32 issuerCalendarId
> 05 GetCalendarCancellation / CancelCalendar :
< 00 PublishCalendar : u32 providerId, u32 issuerEventId, u32 issuerCalendarId, utc startTime, e8:CalendarType calendarType, e8:CalendarTimeReference calendarTimeReference, oct12 calendarName, u8 numberOfSeasons, u8 numberOfWeekProfiles, u8 numberOfDayProfiles
< 01 PublishDayProfile : u32 providerId, u32 issuerEventId, u32 issuerCalendarId, u8 dayId, u8 totalNumberOfScheduleEntries, u8 commandIndex, u8 totalNumberOfCommands, e8:CalendarType calendarType, [u16 startTime, u8 value] scheduleEntries*
< 02 PublishWeekProfile : u32 providerId, u32 issuerEventId, u32 issuerCalendarId, u8 weekId, u8 dayIdRefMonday, u8 dayIdRefTuesday, u8 dayIdRefWednesday, u8 dayIdRefThursday, u8 dayIdRefFriday, u8 dayIdRefSaturday, u8 dayIdRefSunday
< 03 PublishSeasons : u32 providerId, u32 issuerEventId, u32 issuerCalendarId, u8 commandIndex, u8 totalNumberOfCommands, [date seasonStartDate, u8 weekIdRef] seasons*
< 04 PublishSpecialDays : u32 providerId, u32 issuerEventId, u32 issuerCalendarId, utc startTime, e8:CalendarType calendarType, u8 totalNumberOfSpecialDays, u8 commandIndex, u8 totalNumberOfCommands, [date specialDayDate, u8 dayIdRef] specialDays*
< 05 CancelCalendar : u32 providerId, u32 issuerCalendarId, e8:CalendarType calendarType
`,
  ],
  [
    0x0708,
    "Device Management",
    "aps",
    `
> 00 GetChangeOfTenancy / PublishChangeOfTenancy :
> 01 GetChangeOfSupplier / PublishChangeOfSupplier :
> 02 RequestNewPassword / RequestNewPasswordResponse : e8:PasswordType passwordType
> 03 GetSiteId / UpdateSiteId :
> 04 ReportEventConfiguration : u8 commandIndex, u8 totalCommands, [u16 eventId, m8:EventConfiguration eventConfiguration] eventConfigurations*
> 05 GetCIN / UpdateCIN :
< 00 PublishChangeOfTenancy : u32 providerId, u32 issuerEventId, m8:TariffType tariffType, utc implementationDateTime, m32:ProposedChangeControl proposedTenancyChangeControl
< 01 PublishChangeOfSupplier : u32 currentProviderId, u32 issuerEventId, m8:TariffType tariffType, u32 proposedProviderId, utc providerChangeImplementationTime, m32:ProposedChangeControl providerChangeControl, oct16 proposedProviderName, oct19 proposedProviderContactDetails
< 02 RequestNewPasswordResponse : u32 issuerEventId, utc implementationDateTime, u16 durationInMinutes, e8:PasswordType passwordType, oct10 password
< 03 UpdateSiteId : u32 issuerEventId, utc siteIdTime, u32 providerId, oct32 siteId
< 04 SetEventConfiguration / ReportEventConfiguration : u32 issuerEventId, utc startDateTime, m8:EventConfiguration eventConfiguration, e8:EventConfigurationControl configurationControl, (configurationControl 0: u8 numberOfEvents, u16 eventIds*numberOfEvents; 1: u16 eventGroupId; 2: u8 logId; 3: u8 configurationValueMatch;) eventConfigurationPayload
< 05 GetEventConfiguration / ReportEventConfiguration : u16 eventId
< 06 UpdateCIN : u32 issuerEventId, utc implementationTime, u32 providerId, oct24 customerIdNumber
`,
  ],
  [
    0x0709,
    "Events",
    "aps",
    `
> 00 GetEventLog / PublishEventLog : m8:EventControlLogId eventControlLogId, u16 eventId, utc startTime, utc endTime, u8 numberOfEvents, u16 eventOffset
> 01 ClearEventLogRequest / ClearEventLogResponse : e8:EventLogId logId
< 00 PublishEvent : e8:EventLogId logId, u16 eventId, utc eventTime, m8:EventActionControl eventControl, oct eventData
< 01 PublishEventLog : u16 totalNumberOfEvents, u8 commandIndex, u8 totalCommands, m8:NumberOfEventsLogPayloadControl logPayloadControl, [e8:EventLogId logId, u16 eventId, utc eventTime, oct eventData] events*
< 02 ClearEventLogResponse : m8:ClearedEventsLogs clearedEventsLogs
`,
  ],
  [
    0x070a,
    "MDU Pairing",
    "aps",
    `
> 00 PairingRequest / PairingResponse : u32 localPairingInformationVersion, eui64 eui64OfRequestingDevice
< 00 PairingResponse : u32 pairingInformationVersion, u8 totalNumberOfDevices, u8 commandIndex, u8 totalNumberOfCommands, eui64 devices*
`,
  ],
  [
    0x070b,
    "Sub-GHz",
    "aps",
    `
> 00 GetSuspendZclMessagesStatus / SuspendZclMessages :
< 00 SuspendZclMessages : u8 period
`,
  ],
  [
    0x0800,
    "Key Establishment",
    "network",
    `
> 00 InitiateKeyEstablishmentRequest / InitiateKeyEstablishmentResponse : m16:KeyEstablishmentSuite keyEstablishmentSuite, u8 ephemeralDataGenerateTime, u8 confirmKeyGenerateTime, raw{keyEstablishmentSuite 1:48 2:74} identity
> 01 EphemeralDataRequest / EphemeralDataResponse : raw ephemeralData*
> 02 ConfirmKeyDataRequest / ConfirmKeyDataResponse : raw16 secureMessageAuthenticationCode
> 03 TerminateKeyEstablishment : e8:AmiKeyEstablishmentStatus statusCode, u8 waitTime, m16:KeyEstablishmentSuite keyEstablishmentSuite
< 00 InitiateKeyEstablishmentResponse : m16:KeyEstablishmentSuite requestedKeyEstablishmentSuite, u8 ephemeralDataGenerateTime, u8 confirmKeyGenerateTime, raw{requestedKeyEstablishmentSuite 1:48 2:74} identity
< 01 EphemeralDataResponse : raw ephemeralData*
< 02 ConfirmKeyDataResponse : raw16 secureMessageAuthenticationCode
< 03 TerminateKeyEstablishment : e8:AmiKeyEstablishmentStatus statusCode, u8 waitTime, m16:KeyEstablishmentSuite keyEstablishmentSuite
`,
  ],
  [0x0b01, "Meter Identification", "aps", ``],
];
